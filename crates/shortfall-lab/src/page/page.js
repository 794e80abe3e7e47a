// Saving, values under the pointer or the arrow keys, and lines put out and on; without scripts the page is complete.
'use strict';
{
  const NS = 'http://www.w3.org/2000/svg';

  // Rows of a CSV; fields with commas or quotes are quoted.
  const rows = text => text.trim().split('\n').map(line =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(m => m[1] === undefined ? m[2] : m[1].replaceAll('""', '"')));

  // From values to pixels, as the frame of a picture says it: scale, range, pixels.
  const ruler = words => {
    const [scale, ...ends] = words.split(' ');
    const [low, high, from, to] = ends.map(Number);
    return value => {
      const at = scale === 'linear' ? value : Math.log10(scale === 'steps' && Number(value) === 0 ? 0.5 : value);
      return from + (at / 2 - low / 2) / (high / 2 - low / 2) * (to - from);
    };
  };

  const short = value => {
    const size = Math.abs(value);
    return size === 0 || (size >= 1e-3 && size < 1e6) ? String(Number(value.toPrecision(6))) : value.toExponential(4);
  };

  const save = button => {
    const plate = button.closest('figure');
    let text = plate.querySelector('script[type="text/csv"]').textContent;
    let type = 'text/csv';
    if (button.dataset.save === 'svg') {
      const svg = plate.querySelector('svg').cloneNode(true);
      svg.querySelectorAll('.cursor').forEach(cursor => cursor.remove());
      svg.setAttribute('xmlns', NS);
      const style = document.createElementNS(NS, 'style');
      style.textContent = '[data-item].off{display:none}' + document.querySelector('style').textContent.split('/*figures*/')[1];
      svg.insertBefore(style, svg.firstChild);
      text = new XMLSerializer().serializeToString(svg);
      type = 'image/svg+xml';
    }
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `${plate.id}.${button.dataset.save}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const enliven = plate => {
    const svg = plate.querySelector('svg');
    const readout = plate.querySelector('.readout');
    const frame = svg.querySelector('[data-x]');
    const [across, up] = [ruler(frame.dataset.x), ruler(frame.dataset.y)];
    const cursor = document.createElementNS(NS, 'circle');
    cursor.setAttribute('class', 'cursor');
    cursor.setAttribute('r', 5);
    let items = null;
    let [item, point] = [0, -1];

    // What is drawn, with its values; read when first needed.
    const drawn = () => {
      if (items) return items;
      const [, ...table] = rows(plate.querySelector('script[type="text/csv"]').textContent);
      items = [...svg.querySelectorAll('[data-item]')].map(node => {
        const label = node.querySelector('title').textContent;
        const own = table.filter(row => row[0] === label && row[2] !== '');
        const points = own.map(([, x, y, low, high]) => ({ x, y, low, high, px: x === '' ? null : across(x), py: up(y) }));
        return { node, label, points: points.filter(p => Number.isFinite(p.py) && (p.px === null || Number.isFinite(p.px))) };
      });
      items = items.filter(item => item.points.length);
      return items;
    };
    const on = item => !item.node.classList.contains('off');

    const show = (chosen, at, px) => {
      const { x, y, low, high } = chosen.points[at];
      const range = low ? ` (${short(Number(low))} to ${short(Number(high))})` : '';
      const left = x === '' ? '' : `${frame.dataset.across} ${short(Number(x))}, `;
      readout.textContent = `${chosen.label}: ${left}${frame.dataset.up} ${short(Number(y))}${range}`;
      cursor.setAttribute('cx', chosen.points[at].px ?? px);
      cursor.setAttribute('cy', chosen.points[at].py);
      svg.append(cursor);
      [item, point] = [items.indexOf(chosen), at];
    };
    const hide = () => { cursor.remove(); readout.textContent = ''; };

    svg.addEventListener('pointermove', event => {
      const mouse = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      let best = { distance: 40 ** 2 };
      for (const candidate of drawn().filter(on)) {
        candidate.points.forEach(({ px, py }, at) => {
          const distance = ((px ?? mouse.x) - mouse.x) ** 2 + (py - mouse.y) ** 2;
          if (distance < best.distance) best = { distance, candidate, at };
        });
      }
      if (best.candidate) show(best.candidate, best.at, mouse.x); else hide();
    });
    svg.addEventListener('pointerleave', hide);

    svg.tabIndex = 0;
    svg.addEventListener('keydown', event => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (event.key === 'Escape') hide();
      const visible = drawn().filter(on);
      if (!step || !visible.length || event.target !== svg) return;
      event.preventDefault();
      const now = Math.max(0, visible.indexOf(items[item]));
      const next = visible[(now + step[0] + visible.length) % visible.length];
      const at = Math.min(Math.max(0, point + step[1]), next.points.length - 1);
      show(next, at, Number(frame.dataset.x.split(' ')[3]));
    });

    svg.querySelectorAll('[data-label]').forEach(label => {
      const own = svg.querySelector(`[data-item="${label.dataset.label}"]`);
      if (!own) return;
      label.setAttribute('role', 'button');
      label.setAttribute('aria-pressed', 'true');
      label.tabIndex = 0;
      const toggle = () => label.setAttribute('aria-pressed', String(!own.classList.toggle('off')));
      label.addEventListener('click', toggle);
      label.addEventListener('keydown', event => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        toggle();
      });
    });
  };

  document.querySelectorAll('.save').forEach(save => { save.hidden = false; });
  document.addEventListener('click', event => { if (event.target.dataset?.save) save(event.target); });
  document.querySelectorAll('figure.plate').forEach(enliven);
}
