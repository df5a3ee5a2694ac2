// Serves the built preview, the dashboards to draw, and Prometheus' API from one origin.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const HERE = path.dirname(new URL(import.meta.url).pathname);
const BUILT = path.join(HERE, 'dist');
const PUBLIC = path.join(HERE, 'node_modules/@grafana/ui/dist/public');
const INTER = path.join(HERE, 'node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2'); // all weights
const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const NAMED_BY_CONTENT = '/assets/'; // so the browser may keep them

export async function serve({ jobs, prometheus, traces }) {
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://preview');
    if (pathname.startsWith('/api/v1/')) {
      return forward(prometheus, request, response);
    }
    const given = { '/dashboard.json': jobs[searchParams.get('job')]?.dashboard, '/api/search': traces };
    fs.readFile(given[pathname] ?? fileOf(path.normalize(pathname)), (error, body) => {
      const kept = pathname.startsWith(NAMED_BY_CONTENT) ? 'max-age=3600' : 'no-store';
      response.writeHead(error ? 404 : 200, { 'content-type': TYPES[path.extname(pathname)] ?? 'text/html', 'cache-control': kept });
      response.end(error ? '' : body);
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

function fileOf(asked) {
  if (/\/fonts\/inter\/[^/]+\.woff2$/.test(asked)) {
    return INTER;
  }
  if (asked.startsWith('/public/')) {
    return path.join(PUBLIC, asked.slice('/public/'.length).replace(/^build\//, ''));
  }
  return path.join(BUILT, asked === '/' ? 'index.html' : asked);
}

function forward(prometheus, request, response) {
  const headers = { 'content-type': request.headers['content-type'] ?? 'text/plain' };
  const upstream = http.request(prometheus + request.url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', (error) => {
    response.writeHead(502);
    response.end(String(error));
  });
  request.pipe(upstream);
}
