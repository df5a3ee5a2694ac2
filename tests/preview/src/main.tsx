// Draws one dashboard JSON as Grafana's own packages would, and says in window.__report how each panel fared.
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, ThemeContext } from '@grafana/data';
import { LocationServiceProvider, locationService } from '@grafana/runtime';
import { GlobalStyles } from '@grafana/ui';
import { Router } from 'react-router-dom';
import { installHost } from './host';
import { Prometheus } from './prometheus';
import { reportOf } from './report';
import { toScene } from './scene';

const SETTLED_AFTER_MS = 800; // a panel draws after its data has come
const GIVEN_UP_AFTER_MS = 40_000;
const asked = new URLSearchParams(location.search);
const report: any = ((window as any).__report = { ready: false, errors: [] });
window.addEventListener('error', (event) => report.errors.push(String(event.message)));
window.addEventListener('unhandledrejection', (event) => report.errors.push(String(event.reason)));

async function draw() {
  const dashboard = await (await fetch('/dashboard.json')).json();
  const prometheus = new Prometheus(Number(asked.get('scrape') ?? 15));
  await installHost(prometheus);
  const { scene, panels } = toScene(dashboard, asked.get('from'), asked.get('to'));
  const theme = createTheme({ colors: { mode: asked.get('theme') === 'light' ? 'light' : 'dark' } });
  document.body.style.background = theme.colors.background.canvas;
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <LocationServiceProvider service={locationService}>
        <Router history={locationService.getHistory() as any}>
          <GlobalStyles />
          <div style={{ padding: 8, minHeight: '100vh', display: 'flex' }}>
            <scene.Component model={scene} />
          </div>
        </Router>
      </LocationServiceProvider>
    </ThemeContext.Provider>
  );
  const begun = Date.now();
  const look = () => {
    const { settled, ...found } = reportOf(dashboard, scene, panels, prometheus);
    Object.assign(report, found);
    const done = settled || Date.now() - begun > GIVEN_UP_AFTER_MS;
    setTimeout(done ? () => (report.ready = true) : look, done ? SETTLED_AFTER_MS : 200);
  };
  setTimeout(look, 500);
}

draw().catch((error) => {
  report.errors.push(String(error?.stack ?? error));
  report.ready = true;
});
