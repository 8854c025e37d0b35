/**
 * `npm run screenshots`: pictures of the page for the documents, at the sizes of a desk and of a phone, in light and dark.
 * As root, on Linux, with Chromium (test/web/page-lab.ts). Takes two minutes, so that the charts have something to show.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { Wire } from '../lab/wire.ts';
import { startCollector } from '../probe/live/daemon-support.ts';
import { PAGE_URL, PageLab } from './page-lab.ts';

const FOLDER = process.argv[2] ?? join(import.meta.dirname, '../../docs/images');
const SETTLE_MS = Number(process.argv[3] ?? 90) * 1000;
const PATHS = `
metering:
  activeTimeout: 30s
paths:
  - { name: campus, from: [192.0.2.0/24], to: [198.51.100.0/24] }
  - { name: archive, from: [192.0.2.0/24], to: [203.0.113.0/24] }
`;
const CHARTS_MS = 3000;
const COLLECTOR_PORT = 4739;
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Waits until the page has something to show, and a few seconds more for its charts. */
async function open(lab: PageLab, colorScheme: 'light' | 'dark', isPhone = false): Promise<Page> {
  const viewport = isPhone ? PHONE : DESK;
  const context = await lab.browser.newContext({
    viewport,
    colorScheme,
    deviceScaleFactor: isPhone ? 2 : 1,
  });
  const page = await context.newPage();
  await page.goto(PAGE_URL);
  await page.locator('#flow-list tbody tr').first().waitFor();
  await page.locator('.chart canvas').first().waitFor();
  await page.locator('#collectors td').first().waitFor();
  await delay(CHARTS_MS);
  return page;
}

async function take(page: Page, name: string, isWhole = false): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, fullPage: isWhole, animations: 'disabled' });
  process.stdout.write(`${path}\n`);
}

async function takeAll(lab: PageLab): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open(lab, colorScheme);
    await take(page, `page-${colorScheme}`, true);
    const phone = await open(lab, colorScheme, true);
    await take(phone, `phone-${colorScheme}`);
    for (const [one, name] of [
      [page, 'flow'],
      [phone, 'phone-flow'],
    ] as const) {
      await one.locator('#flow-list tbody button').first().click();
      await one.locator('dialog[open] figure').waitFor();
      await take(one, `${name}-${colorScheme}`);
      await one.context().close();
    }
  }
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const wire = new Wire('pictures');
  const lab = new PageLab({
    clients: wire.left,
    probe: wire.right,
    ends: ['wire', 'wire'],
    close: () => wire.close(),
  });
  try {
    // What distance does: 8 ms either way, and one segment in 3,000 that does not arrive.
    await wire.relay('-d', '8000', '-n', '3000');
    const stored = join(lab.folder, 'stored');
    mkdirSync(stored);
    await startCollector(wire.right, stored, COLLECTOR_PORT);
    const configuration = join(lab.folder, 'flowtap.yaml');
    writeFileSync(configuration, PATHS);
    await lab.start('-e', `ipfix://127.0.0.1:${COLLECTOR_PORT}`, '-c', configuration);
    await lab.serve('443', '8443:rcvbuf=20000', '5001', '873', '9000:answer=60000', '22:answer=2000');
    lab.talk(0, '443:seconds=600', '22:requests=2000,pause=0.4,answer=2000');
    lab.talk(1, '8443:seconds=600', '9000:requests=3000,pause=0.2,answer=60000');
    lab.talk(2, '873:every=1.5,piece=3000000,seconds=600', '9000:requests=900,pause=0.5,answer=60000', '111');
    lab.talk(3, '5001:every=0.2,piece=150000,seconds=600', '22:requests=1000,pause=0.7,answer=2000');
    await delay(SETTLE_MS);
    await takeAll(lab);
  } finally {
    await lab.close();
  }
}

await main();
