/**
 * The page at `/` and its files, as routes of the web server: what lies in page/, and uPlot's own files. They are read
 * once. A policy that allows no other source keeps the page from asking anybody but this server.
 */
import { readFileSync } from 'node:fs';
import { dependencyFile, pageFile } from '../package-files.ts';
import type { Answer, Route } from './route.ts';

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

/** Files of page/, which the bundle takes along. */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': CSS,
  'icon.svg': 'image/svg+xml',
  'api.mjs': JAVASCRIPT,
  'charts.mjs': JAVASCRIPT,
  'dom.mjs': JAVASCRIPT,
  'filter.mjs': JAVASCRIPT,
  'flow-columns.mjs': JAVASCRIPT,
  'flow-view.mjs': JAVASCRIPT,
  'flows.mjs': JAVASCRIPT,
  'format.mjs': JAVASCRIPT,
  'health.mjs': JAVASCRIPT,
  'page.mjs': JAVASCRIPT,
  'paths.mjs': JAVASCRIPT,
  'verdicts.mjs': JAVASCRIPT,
};

const UPLOT_FILES: Readonly<Record<string, string>> = {
  'uPlot.iife.min.js': JAVASCRIPT,
  'uPlot.min.css': CSS,
};

/** Content-Security-Policy (CSP level 3): nothing from elsewhere, nothing inline, no frame around it, no form sent away. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

function fileRoute(path: string, file: URL, contentType: string): Route {
  const answer: Answer = { contentType, body: readFileSync(file), headers: HEADERS };
  return { path, isPartOfPage: path !== '/', answer: () => answer };
}

/** The routes of the page, each with the file that it answers with in memory. */
export function pageRoutes(): readonly Route[] {
  return [
    ...Object.entries(PAGE_FILES).map(([name, contentType]) =>
      fileRoute(name === 'index.html' ? '/' : `/page/${name}`, pageFile(name), contentType),
    ),
    ...Object.entries(UPLOT_FILES).map(([name, contentType]) =>
      fileRoute(`/page/${name}`, dependencyFile(`uplot/dist/${name}`), contentType),
    ),
  ];
}
