/**
 * The report of `flowtap diagnose` as one self-contained page: inline SVG and CSS, no script, nothing from elsewhere.
 * The largest flows with their throughput by interval and the bounds of loss and window, the verdicts, the paths.
 */
import { formatCount, formatCounted, formatOctets, formatTime } from '../base/units.ts';
import { shareText, timeText } from '../output/words.ts';
import { type Diagnosed, flowText, mainDirection } from './describe.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { VerdictName } from './finding.ts';
import { escapeHtml, throughputChart } from './html-chart.ts';
import { HTML_STYLE } from './html-style.ts';
import type { PathFigures } from './paths.ts';
import { sentence } from './sentence.ts';

const PATHS = 20;

/** What the verdicts mean, for the legend. */
const MEANINGS: Readonly<Record<VerdictName, string>> = {
  refused: 'the other side said no',
  unanswered: 'nothing came back',
  reset: 'broken off by one side',
  stalled: 'stood still for part of its time',
  'loss-limited': 'as slow as TCP is with this loss',
  'window-limited': 'one window each round trip',
  'application-limited': 'its sender had no more to send',
  unknown: 'too little to judge',
  healthy: 'nothing wrong that can be seen',
};

function badge(verdict: VerdictName): string {
  return `<span class="badge ${verdict}">${verdict}</span>`;
}

/** One bar for all flows, divided by verdict. */
function verdictBar(diagnosis: Diagnosis): string {
  const { flows } = diagnosis;
  let at = 0;
  const parts = diagnosis.verdicts().map(({ verdict, flows: count }) => {
    const width = (count / flows) * 1000;
    const part = `<rect class="${verdict}" x="${at.toFixed(1)}" width="${Math.max(width, 1).toFixed(1)}" height="24"><title>${verdict}: ${formatCount(count)}</title></rect>`;
    at += width;
    return part;
  });
  return `<svg class="verdicts" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label="Flows by verdict">${parts.join('')}</svg>`;
}

function verdictTable(diagnosis: Diagnosis): string {
  const rows = diagnosis
    .verdicts()
    .map(
      ({ verdict, flows, octets }) =>
        `<tr><td>${badge(verdict)}</td><td class="n">${formatCount(flows)}</td><td class="n">${formatOctets(octets)}</td><td>${MEANINGS[verdict]}</td></tr>`,
    );
  return `<table><thead><tr><th>Verdict</th><th class="n">Flows</th><th class="n">Octets</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function flowSection(diagnosed: Diagnosed, number: number): string {
  const { transfer } = diagnosed;
  const { judgement, isReverse } = mainDirection(diagnosed);
  const { data } = judgement.measures;
  const startNs = transfer.timeBaseSeconds * 1e9 + data.firstNs;
  const reasons = judgement.reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('');
  return `<section><h3>${number}. ${escapeHtml(flowText(transfer, isReverse))} ${badge(judgement.verdict)}</h3>
<p>${escapeHtml(sentence(judgement))}</p>
${throughputChart(judgement.measures)}
<ul>${reasons}</ul><p class="small">${formatOctets(data.octets)} in ${formatCounted(data.packets, 'packets')}, from ${formatTime(startNs)} UTC</p></section>`;
}

function pathTable(paths: readonly PathFigures[]): string {
  const most = Math.max(...paths.map(({ lostPackets, segments }) => lostPackets / segments));
  const rows = paths.map(({ name, lostPackets, segments, flows, rttMinMs }) => {
    const share = lostPackets / segments;
    const bar = `<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none"><rect class="loss-limited" width="${((share / most) * 100).toFixed(1)}" height="10"/></svg>`;
    const cells = [
      shareText(share),
      formatCount(lostPackets),
      formatCount(segments),
      formatCount(flows),
      timeText(rttMinMs),
    ];
    return `<tr><td>${escapeHtml(name)}</td><td>${bar}</td>${cells.map((cell) => `<td class="n">${cell}</td>`).join('')}</tr>`;
  });
  const titles = ['Lost', 'Packets', 'of', 'Flows', 'Least RTT'].map(
    (title) => `<th class="n">${title}</th>`,
  );
  return `<table><thead><tr><th>Path</th><th></th>${titles.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function summaryText(diagnosis: Diagnosis): string {
  const { flows, octets, segments, lostSegments, captureLostSegments } = diagnosis;
  const parts = [`${formatCounted(flows, 'flows')}, ${formatOctets(octets)}.`];
  if (segments > 0)
    parts.push(
      `The network lost ${formatCount(lostSegments)} of ${formatCounted(segments, 'TCP segments')} (${shareText(lostSegments / segments)}).`,
    );
  if (captureLostSegments > 0)
    parts.push(`The capture itself missed ${formatCounted(captureLostSegments, 'segments')}, which arrived.`);
  return parts.join(' ');
}

/**
 * The page.
 * @param title what was diagnosed: the names of the captures, or of the interface
 */
export function reportHtml(diagnosis: Diagnosis, title: string): string {
  const paths = diagnosis.paths.worst(PATHS);
  const sections = diagnosis.largest.map((diagnosed, i) => flowSection(diagnosed, i + 1));
  const more = diagnosis.flows - diagnosis.largest.length;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Path health: ${escapeHtml(title)}</title><style>${HTML_STYLE}</style></head><body>
<h1>Path health: ${escapeHtml(title)}</h1>
<p>${summaryText(diagnosis)}</p>
${diagnosis.flows > 0 ? verdictBar(diagnosis) + verdictTable(diagnosis) : ''}
<h2>Largest flows</h2>
${sections.join('\n')}
${more > 0 ? `<p class="small">… and ${formatCounted(more, 'more flows')}.</p>` : ''}
${paths.length > 0 ? `<h2>Paths with most loss</h2>${pathTable(paths)}` : ''}
</body></html>
`;
}
