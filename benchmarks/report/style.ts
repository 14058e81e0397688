/** Style sheet of the page. The tabs are radio buttons: the page has no script. */
export function styleSheet(tabs: number): string {
  const shown = Array.from(
    { length: tabs },
    (_, tab) => `#tab${tab}:checked~.panels>.panel${tab}{display:grid}#tab${tab}:checked~.tabs>label[for=tab${tab}]`,
  );
  const active = '{background:#101828;color:#fff}';
  return `:root{color-scheme:light}*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;color:#101828;background:#f2f4f7;margin:0 auto;max-width:1060px;padding:2.5rem 1.5rem 4rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 .4rem}h2{font-size:1.2rem;margin:0}h3{margin:0}p{margin:.25rem 0 .75rem;color:#475467;max-width:46rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(225px,1fr));gap:.9rem;margin:1.5rem 0}
.tile{background:#fff;border-radius:12px;padding:1rem 1.1rem;border-top:4px solid #e8590c}.tile b{font-size:1.9rem;line-height:1.15;display:block}
.tile span{font-size:.85rem;color:#475467;line-height:1.35;display:block}
.card{background:#fff;border-radius:12px;padding:1.3rem 1.5rem;overflow-x:auto}.plots{display:flex;flex-wrap:wrap;gap:.5rem 0;align-items:start}.plots svg{max-width:100%;height:auto}
.panels>div{display:none;gap:1rem}.below{display:grid;gap:1rem;margin-top:1rem}
.tabs{display:flex;gap:.5rem;margin:1.5rem 0 1rem}.tabs label{padding:.35rem 1.1rem;border-radius:99px;background:#fff;cursor:pointer;font-weight:600}
input.tab{position:absolute;opacity:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:0}dt{color:#475467}dd{margin:0}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}td,th{padding:.25rem .8rem .25rem 0;border-bottom:1px solid #e4e7ec;text-align:right;white-space:nowrap}
td:first-child,th:first-child,td:nth-child(2),th:nth-child(2),td:nth-child(3),th:nth-child(3){text-align:left}
.note{border-left:4px solid #e8590c;padding:.1rem 1rem;margin:1rem 0}.met{color:#2b8a3e}.unmet{color:#c92a2a;font-weight:600}summary{cursor:pointer;font-weight:600}
${shown.map((rule) => rule + active).join('\n')}`;
}
