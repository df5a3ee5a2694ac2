// Draws one dashboard JSON as Grafana's own packages would; window.__preview.look() says how each panel fares.
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

const asked = new URLSearchParams(location.search);
const errors: string[] = [];
const broken = () => ({ errors, settled: errors.length > 0, panels: [], variables: [], queries: [] });
const preview: any = ((window as any).__preview = { look: broken });
window.addEventListener('error', (event) => errors.push(String(event.message)));
window.addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)));

// Bars and stats measure with Grafana's own font how much room their text takes, so it is there before them.
async function loadFont() {
  document.fonts.add(await new FontFace('Inter', 'url(/public/fonts/inter/Inter.woff2)', { weight: '100 900' }).load());
}

async function draw() {
  await loadFont();
  const dashboard = await (await fetch(`/dashboard.json?job=${asked.get('job')}`)).json();
  const prometheus = new Prometheus(Number(asked.get('scrape') ?? 15));
  await installHost(prometheus);
  const { scene, panels } = toScene(dashboard, { from: asked.get('from'), to: asked.get('to'), unfold: asked.has('unfold') });
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
  preview.look = () => ({ errors, ...reportOf(dashboard, scene, panels, prometheus) });
}

draw().catch((error) => errors.push(String(error?.stack ?? error)));
