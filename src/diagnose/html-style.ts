/** The style of the HTML report: light and dark, and fit for paper. */

export const HTML_STYLE = `
:root{--ink:#1b2733;--paper:#fff;--faint:#5f6f7f;--line:#dde3e9;--rate:#3b7dd8;
--bad:#c62f3a;--slow:#d98a00;--idle:#1f8f9e;--good:#2e8b57;--none:#8a97a5}
@media(prefers-color-scheme:dark){:root{--ink:#e3e9ef;--paper:#12181f;--faint:#93a1b0;--line:#2a3541;--rate:#6ea8ff}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
section{border-top:1px solid var(--line);padding:1rem 0;break-inside:avoid}p{margin:.4rem 0}
table{border-collapse:collapse;margin:.8rem 0}td,th{padding:.2rem .9rem .2rem 0;text-align:left}.n{text-align:right;font-variant-numeric:tabular-nums}
th{color:var(--faint);font-weight:600}.small,ul{color:var(--faint);font-size:.85rem}ul{margin:.2rem 0;padding-left:1.2rem}
svg{display:block}.verdicts{width:100%;height:24px;margin:1rem 0}.chart{width:100%;height:auto}.bar{width:120px;height:10px}
svg text{font-size:11px;fill:var(--faint)}.grid{stroke:var(--line)}.rate{fill:var(--rate)}.silent{fill:var(--bad)}
.bound{stroke:var(--slow);stroke-dasharray:5 4}.bound.window{stroke:var(--idle)}
.badge{border-radius:.6rem;padding:.05rem .55rem;font-size:.8rem;font-weight:600;color:#fff;background:var(--none);white-space:nowrap}
.refused,.unanswered,.reset,.stalled{background:var(--bad);fill:var(--bad)}
.loss-limited,.window-limited{background:var(--slow);fill:var(--slow)}
.application-limited{background:var(--idle);fill:var(--idle)}.healthy{background:var(--good);fill:var(--good)}.unknown{fill:var(--none)}
`;
