/** The login page's style: system fonts, the visitor's colours, nothing that moves. */
export const PAGE_STYLE = `:root{color-scheme:light dark;--ink:#1b1c1d;--page:#f4f5f6;--card:#fff;--line:#6b7280;--mark:#0b57d0;--on-mark:#fff;--bad:#a8071a}
@media (prefers-color-scheme:dark){:root{--ink:#eceef0;--page:#16181a;--card:#212427;--line:#8b929b;--mark:#8ab4f8;--on-mark:#10151c;--bad:#ff9c94}}
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page)}
main{max-width:24rem;margin:8vh auto;padding:1.5rem;background:var(--card);border-radius:.75rem}
h1{font-size:1.5rem;margin:0 0 1rem}
[hidden]{display:none}
label{display:block;margin-top:1rem;font-weight:600}
.hint{margin:.25rem 0 0;font-size:.9rem}
input{width:100%;margin-top:.25rem;padding:.6rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem}
button,.button{display:block;width:100%;margin-top:1rem;padding:.65rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;border:1px solid var(--mark);border-radius:.4rem;cursor:pointer;background:transparent;color:var(--mark)}
button[type=submit]{background:var(--mark);color:var(--on-mark)}
button.quiet{border-color:transparent;font-weight:400;text-decoration:underline;margin-top:.5rem;padding:.35rem}
:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
#message{min-height:1.5rem;margin:0}
#message.bad{color:var(--bad);font-weight:600}
`;
