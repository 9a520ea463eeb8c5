import { PAGE_STYLE } from '../accounts/page-style.ts';

/** The account page's style: that of the login page, for more than one form. */
export const ACCOUNT_STYLE = `${PAGE_STYLE}main{max-width:40rem;margin:4vh auto}
section{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line)}
h2{font-size:1.2rem;margin:0 0 .5rem}
h2:focus{outline:none}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
ul{list-style:none;margin:0;padding:0}
li{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;justify-content:space-between;padding:.5rem 0}
li>span{overflow-wrap:anywhere;flex:1 1 12rem}
li small{display:block;font-size:.9rem}
li button{width:auto;max-width:100%;margin:0;padding:.35rem .75rem;overflow-wrap:anywhere}
button.plain[type=submit]{background:transparent;color:var(--mark)}
a{color:var(--mark)}
p{overflow-wrap:anywhere}
.said{margin:.5rem 0 0;min-height:1.5rem}
.said.bad{color:var(--bad);font-weight:600}
.codes{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));font-family:ui-monospace,monospace}
.codes li{padding:.15rem 0}
.key{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
svg{display:block;width:100%;max-width:15rem;height:auto;margin:.75rem 0;background:#fff}
dialog{width:min(24rem,calc(100% - 2rem));padding:1.5rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
dialog::backdrop{background:#0008}
@media (max-width:25rem){main{margin:0;border-radius:0;padding:1rem}}
`;
