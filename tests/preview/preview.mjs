// node preview.mjs JOBS.json: draws dashboards in headless Chromium and prints what each shows, as JSON.
// JOBS is {"chromium", "prometheus", "jobs": [{"dashboard", "picture", "width", "theme", "query"}]}.
import fs from 'node:fs';
import { chromium } from 'playwright-core';
import { serve } from './server.mjs';

const DRAWN_WITHIN_MS = 60_000;
const PAINTED_WITHIN_MS = 20_000;
const PICTURE_PX = 2500; // at most: pictures are in the repository
const [HEAD_PX, ROW_PX] = [110, 38]; // of the variables, and of a row of Grafana's grid with its gap
const asked = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const browser = await chromium.launch({
  executablePath: asked.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
});
const found = [];
for (const job of asked.jobs) {
  found.push(await draw(job));
}
await browser.close();
console.log(JSON.stringify(found));

// The whole dashboard at once: a table draws no rows outside the window.
function heightOf(dashboard) {
  const places = JSON.parse(fs.readFileSync(dashboard, 'utf8')).panels.map((panel) => panel.gridPos);
  return HEAD_PX + ROW_PX * Math.max(...places.map(({ y, h }) => y + h));
}

// In the page: each panel shows something below its title.
function allDrawn() {
  const lines = (panel) => panel.innerText.split('\n').filter((line) => line.trim());
  return [...document.querySelectorAll('[data-viz-panel-key]')].every((panel) => lines(panel).length > 1);
}

async function draw({ dashboard, picture, width, theme, query = {} }) {
  const { server, url } = await serve(dashboard, asked.prometheus);
  const page = await browser.newPage({ viewport: { width, height: heightOf(dashboard) } });
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('response', (answer) => answer.status() >= 400 && answer.url().includes('/api/') && errors.push(`${answer.status()} ${answer.url()}`));
  await page.goto(`${url}?${new URLSearchParams({ theme, ...query })}`);
  await page.waitForFunction('window.__report?.ready', null, { timeout: DRAWN_WITHIN_MS });
  // On a loaded machine panels draw long after their data has come; one that never does is the tests' to find.
  await page.waitForFunction(allDrawn, null, { timeout: PAINTED_WITHIN_MS }).catch(() => {});
  const report = await page.evaluate(() => {
    const { ready, queries, ...said } = window.__report;
    const drawn = [...document.querySelectorAll('[data-viz-panel-key]')];
    const text = (panel) => panel.innerText.split('\n').map((line) => line.trim()).filter(Boolean);
    const texts = Object.fromEntries(drawn.map((panel) => [panel.getAttribute('data-viz-panel-key'), text(panel)]));
    return JSON.parse(JSON.stringify({ ...said, texts }));
  });
  if (picture) {
    const { width, height } = page.viewportSize();
    await page.screenshot({ path: picture, clip: { x: 0, y: 0, width, height: Math.min(height, PICTURE_PX) } });
  }
  await page.close();
  server.close();
  return { dashboard, theme, width, ...report, errors: [...report.errors, ...errors] };
}
