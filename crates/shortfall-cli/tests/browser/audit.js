// Looks at pages in frames of their own and writes into #result what is wrong with them.
'use strict';

const FRAME_TOLERANCE = 1;
// A line box is higher than its letters.
const LINE_SLACK = 0.2;

const luminance = colour => {
  const channels = colour.match(/[\d.]+/g).slice(0, 3).map(v => v / 255);
  const [r, g, b] = channels.map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
const transparent = colour => /rgba\(.*, 0\)/.test(colour);
const behind = (view, element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = view.getComputedStyle(at).backgroundColor;
    if (!transparent(colour)) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const inside = (box, frame) => box.left >= frame.left - FRAME_TOLERANCE && box.right <= frame.right + FRAME_TOLERANCE
  && box.top >= frame.top - FRAME_TOLERANCE && box.bottom <= frame.bottom + FRAME_TOLERANCE;
const overlap = (a, b) => {
  const slack = LINE_SLACK * Math.min(a.height, b.height);
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
};
const start = element => (element.textContent || element.tagName).trim().replace(/\s+/g, ' ').slice(0, 60);

function figures(view, page, wrong) {
  for (const svg of page.querySelectorAll('svg')) {
    const name = svg.closest('figure')?.id;
    const frame = svg.getBoundingClientRect();
    if (frame.width < 100 || frame.height < 60) wrong(`${name}: ${frame.width} by ${frame.height}`);
    const texts = [...svg.querySelectorAll('text')].map(node => ({ node, box: node.getBoundingClientRect() }));
    if (!texts.length) wrong(`${name}: no text`);
    for (const { node, box } of texts) {
      if (box.width === 0 || !inside(box, frame)) wrong(`${name}: "${start(node)}" is not inside`);
    }
    texts.forEach((a, i) => texts.slice(i + 1).forEach(b => {
      if (overlap(a.box, b.box)) wrong(`${name}: "${start(a.node)}" over "${start(b.node)}"`);
    }));
    const plot = svg.querySelector('[data-x]').getBoundingClientRect();
    for (const text of svg.querySelectorAll('[data-label] text')) {
      if (text.getBoundingClientRect().left < plot.right) wrong(`${name}: "${start(text)}" stands in the plot`);
    }
    const paper = view.getComputedStyle(svg.querySelector('.sf-paper')).fill;
    const ink = view.getComputedStyle(svg.querySelector('.sf-ink')).fill;
    if (contrast(ink, paper) < 4.5) wrong(`${name}: ${ink} on ${paper}`);
    for (const line of svg.querySelectorAll('[data-item] [stroke]')) {
      const colour = view.getComputedStyle(line).stroke;
      if (colour !== 'none' && contrast(colour, paper) < 3) wrong(`${name}: a line of ${colour} on ${paper}`);
    }
  }
}

function formulas(page, wrong) {
  if (page.querySelector('merror')) wrong('a formula was not understood');
  if (page.querySelector('math') && ![...page.fonts].some(font => font.status === 'loaded')) wrong('the math font is not there');
  for (const math of page.querySelectorAll('math')) {
    const box = math.getBoundingClientRect();
    if (box.width < 3 || box.height < 3) wrong(`"${start(math)}" is ${box.width} by ${box.height}`);
    for (const fraction of math.querySelectorAll('mfrac')) {
      const [whole, above, below] = [fraction, ...fraction.children].map(part => part.getBoundingClientRect());
      if (above.bottom > below.top + 1 || whole.height < above.height + below.height) wrong(`the fraction in "${start(math)}" is flat`);
    }
    for (const raised of math.querySelectorAll('msup')) {
      const [base, power] = [...raised.children].map(part => part.getBoundingClientRect());
      if (power.top >= base.bottom || power.left < base.left) wrong(`the power in "${start(math)}" is not raised`);
    }
  }
}

function text(view, page, wrong) {
  const { scrollWidth, clientWidth } = page.documentElement;
  if (scrollWidth > clientWidth) wrong(`${scrollWidth} wide in ${clientWidth}`);
  for (const element of page.querySelectorAll('h1,h2,h3,p,li,td,th,code,a:not(.skip),.verdict,button:not([hidden] *)')) {
    const colour = view.getComputedStyle(element).color;
    const paper = behind(view, element);
    if (contrast(colour, paper) < 4.5) wrong(`"${start(element)}": ${colour} on ${paper}`);
  }
  if (!page.querySelector('title').textContent || page.querySelectorAll('h1').length !== 1) wrong('no title, or not one heading');
}

// What the page's own scripts add.
async function scripts(view, page, wrong) {
  const saved = [];
  view.URL.createObjectURL = blob => { saved.push(blob); return 'data:,'; };
  view.HTMLAnchorElement.prototype.click = () => {};
  for (const plate of page.querySelectorAll('figure.plate')) {
    const svg = plate.querySelector('svg');
    const readout = plate.querySelector('.readout');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) {
      svg.dispatchEvent(new view.KeyboardEvent('keydown', { key, bubbles: true }));
      if (!/ -?[\d.e+-]+/.test(readout.textContent) || /NaN|undefined/.test(readout.textContent)) {
        wrong(`${plate.id}: ${key} says "${readout.textContent}"`);
      }
    }
    svg.dispatchEvent(new view.KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    const plot = svg.querySelector('[data-x]').getBoundingClientRect();
    let told = false;
    for (let i = 0; i <= 40 && !told; i += 1) {
      for (let j = 0; j <= 10 && !told; j += 1) {
        const [clientX, clientY] = [plot.left + plot.width * i / 40, plot.top + plot.height * j / 10];
        svg.dispatchEvent(new view.PointerEvent('pointermove', { clientX, clientY, bubbles: true }));
        told = readout.textContent !== '';
      }
    }
    if (!told) wrong(`${plate.id}: nothing under the pointer`);
    for (const label of svg.querySelectorAll('[data-label][role]')) {
      const item = svg.querySelector(`[data-item="${label.dataset.label}"]`);
      label.dispatchEvent(new view.MouseEvent('click', { bubbles: true }));
      if (view.getComputedStyle(item).display !== 'none') wrong(`${plate.id}: "${start(label)}" puts nothing out`);
      label.dispatchEvent(new view.KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
      if (view.getComputedStyle(item).display === 'none') wrong(`${plate.id}: "${start(label)}" does not come back`);
    }
    saved.length = 0;
    plate.querySelectorAll('button').forEach(button => button.dispatchEvent(new view.MouseEvent('click', { bubbles: true })));
    const files = await Promise.all(saved.map(blob => blob.text()));
    const picture = new DOMParser().parseFromString(files[0] ?? '', 'image/svg+xml');
    if (files.length !== 2 || picture.querySelector('parsererror') || !picture.querySelector('style')) wrong(`${plate.id}: the picture is not saved`);
    if (!files[1]?.startsWith('series,x,y')) wrong(`${plate.id}: the data are not saved`);
  }
}

async function audit(url, width, live) {
  const frame = document.createElement('iframe');
  // Without scripts a page must be complete.
  if (!live) frame.sandbox = 'allow-same-origin';
  frame.style = `width:${width}px;height:900px;border:0`;
  const loaded = new Promise(done => { frame.onload = done; });
  frame.src = url;
  document.body.append(frame);
  await loaded;
  const [view, page] = [frame.contentWindow, frame.contentDocument];
  const problems = [];
  const wrong = problem => problems.push(`${url.split('/').at(-2)} at ${width}${live ? '' : ', no scripts'}: ${problem}`);
  await page.fonts.ready;
  const fetched = view.performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith('data:'));
  if (fetched.length) wrong(`fetched ${fetched}`);
  const dark = view.matchMedia('(prefers-color-scheme: dark)').matches;
  const paper = luminance(behind(view, page.body));
  if (dark ? paper > 0.1 : paper < 0.9) wrong(`the page is ${paper} bright`);
  figures(view, page, wrong);
  formulas(page, wrong);
  text(view, page, wrong);
  if (live) await scripts(view, page, wrong);
  const seen = { figures: page.querySelectorAll('svg').length, formulas: page.querySelectorAll('math').length, dark };
  frame.remove();
  return { problems, seen };
}

async function run(urls) {
  const results = [];
  for (const url of urls) {
    for (const [width, live] of [[380, true], [380, false], [1600, true]]) results.push(await audit(url, width, live));
  }
  const result = document.createElement('pre');
  result.id = 'result';
  result.textContent = JSON.stringify(results);
  document.body.append(result);
}
