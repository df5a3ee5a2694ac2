// Serves the built preview, one dashboard, and Prometheus' API from the same origin.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const HERE = path.dirname(new URL(import.meta.url).pathname);
const BUILT = path.join(HERE, 'dist');
const PUBLIC = path.join(HERE, 'node_modules/@grafana/ui/dist/public');
const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml' };

export async function serve(dashboard, prometheus) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://preview');
    if (pathname.startsWith('/api/v1/')) {
      return forward(prometheus, request, response);
    }
    fs.readFile(fileOf(pathname, dashboard), (error, body) => {
      response.writeHead(error ? 404 : 200, { 'content-type': TYPES[path.extname(pathname)] ?? 'text/html' });
      response.end(error ? '' : body);
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

function fileOf(pathname, dashboard) {
  const asked = path.normalize(pathname);
  if (asked === '/dashboard.json') {
    return dashboard;
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
