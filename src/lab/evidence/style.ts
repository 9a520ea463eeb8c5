/** Readable by day and by night, and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1c1c1c;--soft:#555;--line:#c9c9c9;--bar:#2f5d8a;--stopped:#17603a;--slowed:#7a4a00;--gets-in:#a01722;--not-run:#555}
@media (prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#ececec;--soft:#b5b5b5;--line:#4a4d52;--bar:#8db7e0;--stopped:#7fd3a2;--slowed:#f0c070;--gets-in:#ff9c9c;--not-run:#b5b5b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.7rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
tbody th{font-weight:500}
.group{padding-top:.9rem;color:var(--soft);font-weight:600}
thead th{vertical-align:bottom}
.long{width:32%}
ol{margin:0;padding-left:1.1rem}
.word{white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
thead .number{white-space:normal}
.verdict{font-weight:600;white-space:nowrap}
.verdict.stopped{color:var(--stopped)}.verdict.slowed{color:var(--slowed)}.verdict.gets-in{color:var(--gets-in)}.verdict.not-run{color:var(--not-run)}
small,.by{color:var(--soft)}.by{font-size:.85rem;margin:.3rem 0 0}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
svg{display:block;width:100%;max-width:48rem;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg text.on{fill:var(--paper);font-weight:600}
svg .bar{fill:var(--bar)}svg .stopped{fill:var(--stopped)}svg .slowed{fill:var(--slowed)}svg .gets-in{fill:var(--gets-in)}svg .not-run{fill:var(--not-run)}
@media screen and (max-width:48rem){main{padding:1rem}table{min-width:46rem}dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}tbody th[scope=row]{position:sticky;left:0;max-width:9rem;background:var(--paper)}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#999}main{max-width:none;padding:0}.wide{overflow:visible}tr,svg{break-inside:avoid}h2{break-after:avoid}body{font-size:11px}}
`;
