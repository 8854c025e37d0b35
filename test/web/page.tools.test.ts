/** The page of a daemon in a real browser: what it shows of real traffic, how it is used, and what it leaves alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendFrames } from '../capture/live/support.ts';
import { describeInLab, Lab } from '../lab/lab.ts';
import { fetchFrom, LAUNCHER, scrape, total } from '../probe/live/daemon-support.ts';
import { ethernet, ipv4, udp } from '../support/frames.ts';
import { PAGE_TOOLS, PAGE_URL, PageLab } from './page-lab.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** The kernel takes such a name, and a page that does not escape it makes an element of it. */
const INTERFACE = '<b>wire';
/** For what a machine that is busy takes its time to show. */
const SHOWN = { timeout: 120_000 };
const PATHS = `
paths:
  - name: campus
    from: [192.0.2.0/24]
    to: [198.51.100.0/24]
`;
const RESPONDERS = '#flow-list tbody .is-destination';
const RING_FULL = '#losses li:has-text("the ring was full")';

/** What a page does behind the back of its user. */
interface Watched {
  readonly faults: string[];
  readonly asked: Set<string>;
}

function watch(page: Page): Watched {
  const watched: Watched = { faults: [], asked: new Set() };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) watched.faults.push(message.text());
  });
  page.on('pageerror', (error) => watched.faults.push(String(error)));
  page.on('request', (request) => watched.asked.add(new URL(request.url()).origin));
  return watched;
}

describeInLab([...PAGE_TOOLS, 'ethtool'], 'the page', () => {
  let lab: PageLab;
  let context: BrowserContext;
  let page: Page;
  let watched: Watched;

  const texts = (selector: string) => page.locator(selector).allTextContents();
  /** Numbers of a column, as the table has them at one moment. */
  const column = async (id: string) =>
    (await texts(`#flow-list tbody .is-${id}`)).map((text) => Number(text.replaceAll(',', '')));

  beforeAll(async () => {
    const made = new Lab('page');
    const [clients, probe] = [made.namespace('clients'), made.namespace('probe')];
    const ends = made.connect(clients, probe, { names: ['wire', INTERFACE], withoutOffloads: true });
    lab = new PageLab({ clients, probe, ends, close: () => made.close() });
    const configuration = join(lab.folder, 'flowtap.yaml');
    writeFileSync(configuration, PATHS);
    await lab.start('--ring-blocks', '4', '-c', configuration);
    await lab.serve('443', '5001', '9000:answer=20000');
    lab.talk(0, '443:every=0.2,piece=20000,seconds=1200');
    lab.talk(1, '5001:every=0.3,piece=50000,seconds=1200', '9000:requests=9000,pause=0.2,answer=20000');
    context = await lab.browser.newContext({ viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(SHOWN.timeout);
    page = await context.newPage();
    watched = watch(page);
    await page.goto(PAGE_URL);
    await page.locator('#flow-list tbody tr').nth(2).waitFor();
  });
  afterAll(() => lab.close());

  it('shows what is on the link, with names as they are', async () => {
    await page.locator('#interfaces td').first().waitFor();
    expect((await texts('#interfaces td'))[0]).toBe(INTERFACE);
    expect(await page.locator('main b:has-text("wire")').count()).toBe(0);
    expect(await texts('#flow-list tbody .is-interface')).toContain(INTERFACE);
    await expect
      .poll(() => texts(RESPONDERS), SHOWN)
      .toEqual(expect.arrayContaining(['198.51.100.21:443', '198.51.100.22:5001', '198.51.100.22:9000']));
    expect(await texts('#collectors')).toEqual([expect.stringContaining('No collector')]);
  });

  it('shows named paths, each direction apart', async () => {
    // What a path carried is known from records.
    const ctl = [process.execPath, LAUNCHER, 'ctl', '--socket', lab.socket];
    expect(await lab.wire.probe.run([...ctl, 'export-all'])).toMatchObject({ code: 0 });
    const other = await context.newPage();
    await other.goto(PAGE_URL);
    const rows = other.locator('#paths tbody tr');
    const flows = async () => {
      await other.reload();
      await rows.nth(1).waitFor();
      return (await rows.locator('td:nth-child(2)').allTextContents()).map(Number);
    };
    await expect.poll(flows, SHOWN).toSatisfy((counts: number[]) => counts.every((count) => count >= 3));
    expect(await rows.locator('td:first-child').allTextContents()).toEqual([
      'campus192.0.2.0/24 → 198.51.100.0/24',
      'campus198.51.100.0/24 → 192.0.2.0/24',
    ]);
    expect(await rows.locator('svg').count()).toBe(4);
    await other.close();
  });

  it('has charts that move', async () => {
    await page.locator('.plot canvas').first().waitFor();
    const drawn = 'Array.from(document.querySelectorAll(".plot canvas"), (one) => one.toDataURL()).join()';
    const before = (await page.evaluate(drawn)) as string;
    await expect.poll(() => page.evaluate(drawn), SHOWN).not.toBe(before);
    expect(await page.locator('.plot').first().getAttribute('aria-label')).toMatch(
      /^Packets, packets\/s: offered \d/,
    );
    await page.getByRole('button', { name: '24 h' }).click();
    expect(await page.getByRole('button', { name: '24 h' }).getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: '5 min' }).click();
  });

  it('sorts by any column', async () => {
    await page.locator('#flow-list tbody tr').nth(2).waitFor();
    const heading = page.locator('#flow-list thead .is-packets');
    await heading.getByRole('button').click();
    await page.locator('#flow-list thead .is-packets[aria-sort="descending"]').waitFor();
    const falling = await column('packets');
    expect(falling.length).toBeGreaterThan(2);
    expect(falling).toEqual(falling.toSorted((a, b) => b - a));
    await heading.getByRole('button').click();
    await page.locator('#flow-list thead .is-packets[aria-sort="ascending"]').waitFor();
    const rising = await column('packets');
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    await page.locator('#flow-list thead .is-destination button').click();
    await page.locator('#flow-list thead .is-destination[aria-sort="ascending"]').waitFor();
    const responders = await texts(RESPONDERS);
    expect(responders).toEqual(responders.toSorted());
  });

  it('filters, and says what a filter can be', async () => {
    const filter = page.locator('#filter');
    await filter.fill(`443 tcp ${INTERFACE}`);
    await filter.press('Enter');
    await expect.poll(() => texts(RESPONDERS), SHOWN).toEqual(['198.51.100.21:443']);
    await filter.fill('address nowhere');
    await filter.press('Enter');
    const fault = page.locator('#filter-fault');
    await fault.waitFor();
    expect(await fault.textContent()).toContain('an address or a network, as 192.0.2.1');
    await filter.fill('203.0.113.0/24');
    await filter.press('Enter');
    await page.locator('#flow-list .empty').waitFor();
    expect(await fault.isHidden()).toBe(true);
    await page.locator('#filter-reset').click();
    await page.locator('#flow-list tbody tr').nth(2).waitFor();
  });

  it('adds hosts up, and goes from one to its flows', async () => {
    await page.getByRole('button', { name: 'Talkers' }).click();
    const host = page.locator('#flow-list tbody tr', { hasText: '198.51.100.22' });
    await host.waitFor();
    await expect.poll(() => host.locator('.is-flows').textContent(), SHOWN).toBe('2');
    await host.locator('button').click();
    await expect.poll(() => texts(RESPONDERS), SHOWN).toHaveLength(2);
    expect(await page.locator('#filter').inputValue()).toBe('198.51.100.22');
    await page.locator('#filter-reset').click();
  });

  it('shows a flow by itself, by keyboard too', async () => {
    const row = page.locator('#flow-list tbody tr', { hasText: ':9000' }).locator('button');
    await row.focus();
    await page.keyboard.press('Enter');
    const dialog = page.locator('dialog[open]');
    await dialog.waitFor();
    expect(await dialog.locator('h2').textContent()).toMatch(/^192\.0\.2\.12:\d+ → 198\.51\.100\.22:9000$/);
    expect(await dialog.locator('.mark').textContent()).toMatch(/^[a-z-]+$/);
    const roundTrip = dialog.locator('.facts dd').first();
    await expect.poll(() => roundTrip.textContent(), SHOWN).toMatch(/^[\d.]+\u202fms$/);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
  });

  it.each(['light', 'dark'] as const)('keeps to WCAG AA, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.locator('#flow-list tbody button').first().click();
    await page.locator('dialog[open]').waitFor();
    await page.evaluate(AXE);
    const check = `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(({ violations, passes }) => ({
      violations: violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')),
      passes: passes.map(({ id }) => id),
    }))`;
    const inDialog = (await page.evaluate(check)) as { violations: string[]; passes: string[] };
    expect(inDialog.violations).toEqual([]);
    await page.keyboard.press('Escape');
    const checked = (await page.evaluate(check)) as { violations: string[]; passes: string[] };
    expect(checked.violations).toEqual([]);
    expect(checked.passes).toContain('color-contrast');
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth'), SHOWN).toBe(360);
    await page.locator('.responder').first().waitFor();
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('tells of a loss, and what can be done about it', async () => {
    /** How many packets the page says that the ring had no room for. */
    const shown = async () => {
      const [text = '0'] = await texts(`${RING_FULL} b`);
      return Number(text.replaceAll(',', ''));
    };
    const before = await shown();
    const frame = ethernet(
      ipv4(
        { source: '192.0.2.99', destination: '198.51.100.99', protocol: 17 },
        udp(1, 2, new Uint8Array(300)),
      ),
    );
    // A daemon that is held up cannot empty its ring.
    lab.daemon.signal('SIGSTOP');
    await sendFrames(lab.wire.clients, 'wire', [frame], 40_000);
    lab.daemon.signal('SIGCONT');
    await expect.poll(shown, SHOWN).toBeGreaterThan(before);
    await expect
      .poll(async () => {
        const series = await scrape(lab.wire.probe);
        return total(series, 'flowtap_capture_packets_dropped_total', 'ring_full') - (await shown());
      }, SHOWN)
      .toBe(0);
    expect(await page.locator(`${RING_FULL} .remedy`).textContent()).toContain('raise live.ring.blocks');
    expect(await page.locator('#condition').getAttribute('class')).not.toContain('good');
  });

  it('asks nobody else, and has no fault in the console', () => {
    expect([...watched.asked]).toEqual([new URL(PAGE_URL).origin]);
    // What the browser itself says of the filter that was refused.
    expect(watched.faults).toEqual([expect.stringContaining('the server responded with a status of 400')]);
  });

  it('is told to keep to itself', async () => {
    const { stdout } = await lab.wire.probe.run(['curl', '-si', PAGE_URL]);
    expect(stdout).toContain("content-security-policy: default-src 'none'; script-src 'self';");
    expect(stdout).not.toMatch(/<style|style=|onclick|<script>/);
  });

  it('goes away with web.enabled, and leaves the metrics', async () => {
    const ctl = [process.execPath, LAUNCHER, 'ctl', '--socket', lab.socket];
    const done = await lab.wire.probe.run([...ctl, 'set', 'web.enabled=false']);
    expect(done).toMatchObject({ code: 0, stdout: 'changed: web.enabled\n' });
    for (const [path, status] of [
      ['/', 404],
      ['/page/page.mjs', 404],
      ['/api/v1/status', 404],
      ['/metrics', 200],
    ] as const)
      expect([path, (await fetchFrom(lab.wire.probe, path)).status]).toEqual([path, status]);
    await page.locator('#condition.bad', { hasText: 'No connection' }).waitFor();
  });
});
