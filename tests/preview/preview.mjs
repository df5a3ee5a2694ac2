// node preview.mjs JOBS.json: draws dashboards in headless Chromium and prints what each shows, as JSON.
// JOBS is {"chromium", "prometheus", "traces": an answer to a search of Tempo's, "jobs": [{"dashboard", "picture", "width", "theme", "query"}]}.
import fs from 'node:fs';
import { chromium } from 'playwright-core';
import { serve } from './server.mjs';

const DRAWN_WITHIN_MS = 60_000;
const POLL_MS = 200; // asking at every frame would take the time that drawing needs
const PICTURE_PX = 2000; // at most: pictures are in the repository
const [HEAD_PX, ROW_PX] = [110, 38]; // of the variables, and of a row of Grafana's grid with its gap
const asked = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const { server, url } = await serve(asked);
const browser = await chromium.launch({
  executablePath: asked.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
});
// One context for all, so that the program is read and compiled once.
const context = await browser.newContext();
const found = [];
for (const [job, wanted] of asked.jobs.entries()) {
  found.push(await draw(job, wanted));
}
await browser.close();
server.close();
console.log(JSON.stringify(found));

// The whole dashboard at once: a table draws no rows outside the window.
function heightOf(dashboard, unfolded) {
  const { panels } = JSON.parse(fs.readFileSync(dashboard, 'utf8'));
  const all = unfolded ? panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]) : panels;
  return HEAD_PX + ROW_PX * Math.max(...all.map(({ gridPos: { y, h } }) => y + h));
}

// In the page: data are there, and each panel shows something below its title.
function drawn() {
  const lines = (panel) => panel.innerText.split('\n').filter((line) => line.trim());
  const there = [...document.querySelectorAll('[data-viz-panel-key]')];
  const { settled, errors, panels } = window.__preview?.look() ?? {};
  const wanted = panels?.filter((panel) => !panel.folded).length;
  return settled && (errors.length > 0 || (there.length === wanted && there.every((panel) => lines(panel).length > 1)));
}

// In the page: what each panel shows.
function look() {
  const { queries, settled, ...said } = window.__preview.look();
  const text = (panel) => panel.innerText.split('\n').map((line) => line.trim()).filter(Boolean);
  const there = [...document.querySelectorAll('[data-viz-panel-key]')];
  const texts = Object.fromEntries(there.map((panel) => [panel.getAttribute('data-viz-panel-key'), text(panel)]));
  return JSON.parse(JSON.stringify({ ...said, texts }));
}

// In the page: after two frames, what has been drawn is painted.
function painted() {
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}

// In the page: where the lowest panel or heading ends.
function bottom() {
  const ends = [...document.querySelectorAll('.react-grid-item')].map((item) => item.getBoundingClientRect().bottom);
  return Math.ceil(Math.max(...ends)) + 8;
}

async function draw(job, { dashboard, picture, width, theme, query }) {
  const page = await context.newPage();
  await page.setViewportSize({ width, height: heightOf(dashboard, 'unfold' in query) });
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('response', (answer) => answer.status() >= 400 && answer.url().includes('/api/v1/') && errors.push(`${answer.status()} ${answer.url()}`));
  await page.goto(`${url}?${new URLSearchParams({ job, theme, ...query })}`);
  await page.waitForFunction(drawn, null, { polling: POLL_MS, timeout: DRAWN_WITHIN_MS }).catch((error) => errors.push(`not drawn: ${error.message}`));
  await page.evaluate(painted);
  const report = await page.evaluate(look);
  if (picture) {
    const height = Math.min(await page.evaluate(bottom), PICTURE_PX);
    await page.screenshot({ path: picture, clip: { x: 0, y: 0, width, height } });
  }
  await page.close();
  return { dashboard, theme, width, ...report, errors: [...report.errors, ...errors] };
}
