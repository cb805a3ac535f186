// weir/report/html_assets.hpp - style and script of the report page. Needs the standard library only.
#ifndef WEIR_REPORT_HTML_ASSETS_HPP
#define WEIR_REPORT_HTML_ASSETS_HPP

#include <string_view>

namespace weir::inline v0::detail {

inline constexpr std::string_view html_style = R"css(
:root{color-scheme:light dark;--text:#222;--back:#fff;--line:#ddd;--soft:#f5f6f7}
@media(prefers-color-scheme:dark){:root{--text:#ddd;--back:#181a1b;--line:#3a3d40;--soft:#222527}}
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back)}
main{max-width:1600px;margin:0 auto;padding:1rem 1.5rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{background:var(--soft);position:sticky;top:0;white-space:normal;vertical-align:bottom}.left{text-align:left}td[title]{cursor:help}
.why{list-style:none;padding:0;margin:.3rem 0;font-size:13px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,560px),1fr));gap:1rem}
figure{margin:0;position:relative}svg.plot{width:100%;height:auto;border:1px solid var(--line);border-radius:4px}
.legend{cursor:pointer}.legend.off{opacity:.35}.series.off{display:none}
.legend:focus-visible,input:focus-visible{outline:2px solid #0072b2}
fieldset{border:1px solid var(--line);border-radius:4px}fieldset label{margin-right:1rem}
#tip{position:fixed;padding:.2rem .5rem;background:var(--soft);border:1px solid var(--line);border-radius:4px;
pointer-events:none;white-space:pre;font-size:13px;z-index:9}
dt{font-weight:600}dd{margin:0 0 .4rem 1.2rem}
@media print{.control,#tip{display:none!important}body{background:#fff;color:#000}figure,tr{break-inside:avoid}th{position:static}
.scroll{overflow:visible}table{font-size:10px}th,td{padding:.1rem .35rem}main{padding:0}}
)css";

inline constexpr std::string_view html_script = R"js(
'use strict';
const all = (of, what) => [...of.querySelectorAll(what)];
const tip = document.getElementById('tip');
// A live page comes anew every few seconds: what was switched stays so.
const live = document.querySelector('meta[http-equiv="refresh"]') !== null;
const kept = live ? JSON.parse(sessionStorage.getItem('weir') || '{}') : {};
const keep = (name, on) => {
  kept[name] = on;
  if (live) sessionStorage.setItem('weir', JSON.stringify(kept));
};
// The percentile picker hides columns.
const box = document.getElementById('percentiles');
const names = [...new Set(all(document, '[data-p]').map(c => c.dataset.p))];
names.sort((a, b) => parseFloat(a.slice(1)) - parseFloat(b.slice(1)));
for (const name of names) {
  const label = document.createElement('label'), input = document.createElement('input');
  input.type = 'checkbox';
  input.checked = kept[name] ?? (['p50', 'p90', 'p99'].includes(name) || names.length < 6);
  const show = () => all(document, `[data-p="${name}"]`).forEach(c => { c.style.display = input.checked ? '' : 'none'; });
  input.addEventListener('change', () => { keep(name, input.checked); show(); });
  show();
  label.append(input, ' ' + name);
  box.append(label);
}
if (!names.length) box.hidden = true;
for (const [number, figure] of all(document, 'figure').entries()) {
  const data = JSON.parse(figure.querySelector('.data').textContent);
  const views = all(figure, '.view');
  if (views[1]) views[1].hidden = true;
  // The axis switch shows the other drawing of the same numbers.
  const log = figure.querySelector('.log');
  const axis = () => { views[0].hidden = log.checked; views[1].hidden = !log.checked; };
  if (log) {
    log.checked = kept['log' + number] ?? false;
    log.addEventListener('change', () => { keep('log' + number, log.checked); axis(); });
    axis();
  }
  // The legend turns series on and off.
  for (const legend of all(figure, '.legend')) {
    legend.setAttribute('tabindex', '0');
    legend.setAttribute('role', 'button');
    legend.setAttribute('aria-pressed', 'true');
    const name = 'off' + number + '.' + legend.dataset.series;
    const turn = off => {
      keep(name, off);
      all(figure, `[data-series="${legend.dataset.series}"]`).forEach(g => {
        g.classList.toggle('off', off);
        if (g.classList.contains('legend')) g.setAttribute('aria-pressed', String(!off));
      });
    };
    const other = () => turn(!legend.classList.contains('off'));
    if (kept[name]) turn(true);
    legend.addEventListener('click', other);
    legend.addEventListener('keydown', e => {
      if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); other(); }
    });
  }
  // Hovering tells the point of each line that is nearest in x.
  for (const svg of all(figure, 'svg')) {
    const lines = all(svg, '.series').map(g => {
      const d = g.querySelector('path.curve')?.getAttribute('d') || '';
      const at = [...d.matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map(m => +m[1]);
      const line = data[+g.dataset.series];
      const shown = line.points.filter(p => p[0] !== null && p[1] !== null);
      // A logarithmic axis leaves out what is not above zero: then the numbers can't be told apart by place.
      return {g, at, name: line.name, points: shown.length === at.length ? shown : []};
    });
    svg.addEventListener('mousemove', e => {
      const x = new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
      const words = [];
      for (const {g, at, name, points} of lines) {
        if (!points.length || g.classList.contains('off')) continue;
        let near = 0;
        for (let i = 1; i < at.length; ++i) if (Math.abs(at[i] - x) < Math.abs(at[near] - x)) near = i;
        words.push(`${name}: ${points[near][0]}, ${points[near][1]}`);
      }
      tip.hidden = !words.length;
      tip.textContent = words.join('\n');
      tip.style.left = Math.min(e.clientX + 14, innerWidth - 260) + 'px';
      tip.style.top = e.clientY + 14 + 'px';
    });
    svg.addEventListener('mouseleave', () => { tip.hidden = true; });
  }
}
)js";

}  // namespace weir::inline v0::detail

#endif  // WEIR_REPORT_HTML_ASSETS_HPP
