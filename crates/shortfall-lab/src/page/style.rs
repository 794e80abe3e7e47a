//! How a page looks, and what its script adds.

/// Light unless the reader prefers dark; black on white in print.
pub(super) const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#5a6069;--paper:#fff;--tint:#f4f5f7;--line:#d5d9de;--link:#0b57a4;
--good:#1a6b34;--bad:#a01d1d;--fair:#7a5200}
@media (prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#a3abb5;--paper:#15181c;--tint:#1e2329;--line:#363d46;
--link:#7db7f0;--good:#7fd19a;--bad:#f19a9a;--fair:#e3bd72}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem clamp(.8rem,4vw,2.5rem) 4rem;max-width:70rem;background:var(--paper);color:var(--ink);
font:1rem/1.55 Charter,'Bitstream Charter','Sitka Text',Cambria,Georgia,serif;overflow-wrap:break-word}
h1,h2,h3,th,nav,button,.verdict{font-family:system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:1.5rem 0 .4rem}
h2{font-size:1.4rem;margin:3rem 0 .8rem;padding-top:.6rem;border-top:1px solid var(--line)}
h3{font-size:1.1rem;margin:2.2rem 0 .5rem}
p,li,dd{max-width:44rem}
.lead{color:var(--soft);font-size:1.1rem}
a{color:var(--link)}
a.anchor{color:inherit;text-decoration:none}
a.anchor:hover,a.anchor:focus{text-decoration:underline}
a:focus-visible,button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.4rem}
nav ol{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;padding:0;margin:1rem 0;list-style-position:inside;font-size:.92rem}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-size:.82rem;color:var(--soft);font-weight:600}
td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
code{font-family:ui-monospace,'Cascadia Mono',Menlo,Consolas,monospace;font-size:.86em;background:var(--tint);padding:.1em .3em;
border-radius:3px;overflow-wrap:anywhere}
math{font-family:'STIX Two Math','Latin Modern Math','Cambria Math','TeX Gyre Termes Math',math;font-size:1.05em}
.statement{background:var(--tint);border-left:3px solid var(--link);padding:.6rem .9rem;margin:.8rem 0;max-width:52rem;overflow-x:auto}
.statement p{margin:.3rem 0}
.statement p:first-child math{math-style:normal}
.statement .small{color:var(--soft);font-size:.9rem}
.verdict{font-size:.82rem;font-weight:600;white-space:nowrap}
.holds,.agrees{color:var(--good)}.violated,.differs{color:var(--bad)}.undecided,.vacuous{color:var(--fair)}
figure.plate{margin:1.4rem 0 2rem;max-width:52rem}
figure.plate svg{display:block;width:100%;height:auto;max-width:52rem}
figcaption{font-size:.92rem;color:var(--soft);max-width:46rem}
.make{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:baseline;margin-top:.3rem;font-size:.86rem}
button{font-size:.8rem;padding:.15rem .5rem;border:1px solid var(--line);border-radius:3px;background:var(--tint);color:var(--ink);
cursor:pointer;margin-right:.3rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:0 1.5rem}
@media print{:root{--ink:#000;--paper:#fff;--tint:#fff;--soft:#333;--line:#999}body{max-width:none;font-size:10pt}
nav,.save,.skip{display:none}figure.plate,.statement,tr{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit}}
";

/// Saving to files; without it the page is complete.
pub(super) const SCRIPT: &str = "
document.querySelectorAll('.save').forEach(function(save){save.hidden=false});
document.addEventListener('click',function(event){
var kind=event.target.dataset&&event.target.dataset.save;if(!kind)return;
var plate=event.target.closest('figure'),text,type;
if(kind==='svg'){var svg=plate.querySelector('svg').cloneNode(true);
svg.setAttribute('xmlns','http://www.w3.org/2000/svg');
var style=document.createElementNS('http://www.w3.org/2000/svg','style');
style.textContent=document.querySelector('style').textContent.split('/*figures*/')[1]||'';
svg.insertBefore(style,svg.firstChild);text=new XMLSerializer().serializeToString(svg);type='image/svg+xml'}
else{text=plate.querySelector('script[type=\"text/csv\"]').textContent;type='text/csv'}
var link=document.createElement('a');link.href=URL.createObjectURL(new Blob([text],{type:type}));
link.download=plate.id+'.'+kind;link.click();setTimeout(function(){URL.revokeObjectURL(link.href)},1000)});
";
