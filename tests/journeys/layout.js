// What is wrong with the layout of the page as it stands, one line each. Nothing is scrolled or opened for it, but for
// one look at the end of the page.
() => {
  const CONTROLS = 'button, .button, input:not([type=hidden]), select, textarea, summary';
  const WORD = /(?<![\w@./-])\p{L}{3,12}(?![\w@./-])/gu; // one that fits in any column; no address and no code
  const LOOSE = 2; // px by which boxes may overlap or text may stick out: borders, rounding, side bearings
  const found = new Set(), counts = new Map();
  const report = (kind, what, other) => { // two of a kind are enough to find the rule that makes them
    const key = kind + what.replace(/“.*?”/g, '') + (other ?? '').replace(/“.*?”/g, '');
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (counts.get(key) <= 2) found.add(`${kind}: ${what}${other ? ` and ${other}` : ''}`);
  };
  const styles = new Map();
  const style = one => styles.get(one) ?? styles.set(one, getComputedStyle(one)).get(one);
  const words = text => text.trim().replace(/\s+/g, ' ').slice(0, 40);
  const nameOf = one => {
    const classes = one.classList.length ? `.${[...one.classList].join('.')}` : '';
    const text = words(one.innerText || one.getAttribute('placeholder') || one.getAttribute('name') || '');
    return `<${one.localName}${one.id ? `#${one.id}` : ''}${classes}> “${text}”`;
  };
  const shown = { visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true };
  const clipped = new Map(); // for screen readers alone
  const isClipped = one => {
    if (!one) return false;
    if (!clipped.has(one)) {
      const { clip, clipPath } = style(one);
      clipped.set(one, /inset\((50|100)%/.test(clipPath) || /rect\((0|1)px/.test(clip) || isClipped(one.parentElement));
    }
    return clipped.get(one);
  };
  const seen = one => one.checkVisibility(shown) && !isClipped(one);
  const boxOf = rect => ({ left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom });
  const common = (a, b) => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const width = box => box.right - box.left;
  const height = box => box.bottom - box.top;
  const isTopLayer = one => one.matches('dialog:modal, :popover-open');

  // The ancestors that can cut something in this element, the nearest first. An absolutely positioned element is cut
  // from its containing block on, a fixed one by the window alone.
  const cutters = new Map();
  const cuttersOf = one => {
    if (cutters.has(one)) return cutters.get(one);
    const up = one.parentElement;
    let result = [];
    if (up && !isTopLayer(one) && style(one).position !== 'fixed') {
      const isAbsolute = style(one).position === 'absolute' && one instanceof HTMLElement;
      const from = isAbsolute ? one.offsetParent : up;
      result = from && from !== document.documentElement ? withItself(from) : [];
    }
    return cutters.set(one, result).get(one);
  };
  const withItself = one => {
    const { overflowX, overflowY } = style(one);
    const isPage = one === document.body || one === document.documentElement;
    const cuts = !isPage && (overflowX !== 'visible' || overflowY !== 'visible');
    return cuts ? [one, ...cuttersOf(one)] : cuttersOf(one);
  };
  const scrolls = value => value === 'auto' || value === 'scroll';
  const inner = one => {
    const box = one.getBoundingClientRect();
    const left = box.left + one.clientLeft;
    const top = box.top + one.clientTop;
    return one instanceof HTMLElement
      ? { left, top, right: left + one.clientWidth, bottom: top + one.clientHeight }
      : boxOf(box);
  };

  // What can be seen of a box, and by which element it is cut where scrolling does not bring the rest into view.
  const view = (box, chain) => {
    let rest = box, cutX = null, cutY = null, reachX = false, reachY = false;
    for (const one of chain) {
      const frame = inner(one), { overflowX, overflowY } = style(one);
      reachX ||= scrolls(overflowX);
      reachY ||= scrolls(overflowY);
      const next = common(rest, {
        left: overflowX === 'visible' ? -Infinity : frame.left,
        right: overflowX === 'visible' ? Infinity : frame.right,
        top: overflowY === 'visible' ? -Infinity : frame.top,
        bottom: overflowY === 'visible' ? Infinity : frame.bottom,
      });
      if (!reachX && !cutX && width(rest) - width(next) > LOOSE) cutX = one;
      if (!reachY && !cutY && height(rest) - height(next) > height(box) / 4) cutY = one;
      rest = next;
    }
    const beside = !reachX && (rest.left < -LOOSE || rest.right > innerWidth + LOOSE);
    return { rest, cutX, cutY, beside, hidden: width(rest) < 2 || height(rest) < 2 };
  };

  const layers = new Map(); // what scrolls past the rest of the page or lies over it
  const layerOf = one => {
    if (!one || one === document.body) return null;
    if (!layers.has(one)) {
      const isLayer = ['fixed', 'sticky'].includes(style(one).position) || isTopLayer(one);
      layers.set(one, isLayer ? one : layerOf(one.parentElement));
    }
    return layers.get(one);
  };
  const isOpaque = (one, layer) => {
    for (let up = one; up; up = up.parentElement) {
      const alpha = style(up).backgroundColor.match(/(?:,|\/)\s*([\d.]+)\)$/);
      if (style(up).backgroundColor.startsWith('rgb(') || (alpha ? Number(alpha[1]) > 0.85 : !/transparent/.test(style(up).backgroundColor))) return true;
      if (up === layer) return false;
    }
    return false;
  };

  const items = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !seen(node.parentElement)) continue;
    const owner = node.parentElement;
    if (owner.closest('script, style, template, noscript, option, select, textarea, title')) continue;
    range.selectNodeContents(node);
    const lines = [...range.getClientRects()].filter(one => one.width > 1 && one.height > 1).map(boxOf);
    const chain = withItself(owner);
    const views = lines.map(line => view(line, chain));
    if (views.every(one => one.hidden)) continue; // for screen readers, or folded away
    if (lines.length > 1 && lines.at(-1).top > lines[0].top + 4 && !owner.closest('code, kbd, pre')) {
      const broken = [...node.data.matchAll(WORD)].find(one => {
        range.setStart(node, one.index);
        range.setEnd(node, one.index + one[0].length);
        const parts = [...range.getClientRects()].filter(each => each.width > 1);
        return parts.length > 1 && parts.at(-1).top > parts[0].top + 4;
      });
      if (broken) report('a word is broken', `“${broken[0]}” in ${nameOf(owner.closest('[class], [id]') ?? owner)}`);
    }
    const control = owner.closest(CONTROLS);
    for (const [at, line] of lines.entries()) {
      const { rest, cutX, cutY, beside, hidden } = views[at];
      const what = `“${words(node.data)}” in ${nameOf(owner.closest('[class], [id]') ?? owner)}`;
      if (beside) report('text beside the window', what);
      if (cutX && style(cutX).textOverflow !== 'ellipsis' && !hidden) report('text cut at its side', what);
      if (cutY && style(cutY).webkitLineClamp === 'none') report('text cut at its head or foot', what);
      if (hidden) continue;
      if (control && !(control.localName === 'summary')) {
        const box = control.getBoundingClientRect();
        if (line.left < box.left - LOOSE || line.right > box.right + LOOSE || line.bottom > box.bottom + 4)
          report('text sticks out of its control', what);
      }
      items.push({ box: rest, owner, node, control, what });
    }
  }
  for (const one of document.body.querySelectorAll('*')) {
    if (style(one).textOverflow !== 'ellipsis' || one.scrollWidth <= one.clientWidth + 1 || !seen(one)) continue;
    if (style(one).overflowX === 'visible' || one.clientWidth < 2 || one.matches('input')) continue;
    one.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
    if (!one.closest('[title]')) report('shortened, and nothing shows the rest', nameOf(one));
  }

  const pen = document.createElement('canvas').getContext('2d');
  const fits = (one, text) => {
    const { font, letterSpacing, paddingLeft, paddingRight } = style(one);
    const button = one.type === 'search' ? 20 : 0; // which empties the field
    pen.font = font;
    pen.letterSpacing = letterSpacing === 'normal' ? '0px' : letterSpacing;
    return pen.measureText(text).width <= one.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - button + LOOSE;
  };
  for (const one of document.querySelectorAll(CONTROLS)) {
    if (!seen(one) || one.closest('.skip-link')) continue;
    const box = boxOf(one.getBoundingClientRect());
    const { rest, cutX, cutY, beside, hidden } = view(box, cuttersOf(one));
    if (hidden || width(box) < 2) continue;
    if (cutX || cutY || beside) report('a control is cut', nameOf(one));
    if (one.matches('input[placeholder], textarea[placeholder]') && !one.value && !one.matches('textarea'))
      if (!fits(one, one.placeholder)) report('a placeholder is cut', nameOf(one));
    if (one.matches('select') && one.selectedOptions.length && one.size < 2 && !one.multiple)
      if (!fits(one, one.selectedOptions[0].text)) report('the choice is cut', nameOf(one), `“${words(one.selectedOptions[0].text)}”`);
    items.push({ box: rest, owner: one, node: null, control: one, what: nameOf(one) });
  }

  const within = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const overlap = (a, b) => {
    if (a.node && a.node === b.node) return false;
    const box = common(a.box, b.box);
    const low = a.node && b.node ? Math.min(height(a.box), height(b.box)) * 0.35 : LOOSE; // lines stand close
    if (width(box) <= LOOSE || height(box) <= low) return false;
    if (!a.node || !b.node) {
      if (a.owner.contains(b.owner) || b.owner.contains(a.owner) || within(a.box, b.box) || within(b.box, a.box)) return false;
    }
    const [one, other] = [layerOf(a.owner), layerOf(b.owner)];
    if (one === other) return true;
    const inner = one && (!other || other.contains(one)) ? [a, one] : [b, other];
    return !isOpaque(inner[0].owner, inner[1]);
  };
  items.sort((a, b) => a.box.top - b.box.top);
  items.forEach((a, at) => {
    for (let next = at + 1; next < items.length && items[next].box.top < a.box.bottom - LOOSE; next++)
      if (overlap(a, items[next])) report('overlap', a.what, items[next].what);
  });

  const hit = box => document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
  for (const { box, owner, node } of items) {
    const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
    if (node || x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
    const top = hit(box);
    const own = top && (owner.contains(top) || top.contains(owner) || top.closest('label')?.contains(owner) || [...(owner.labels ?? [])].some(one => one.contains(top)));
    if (top && !own && layerOf(top) === layerOf(owner) && style(top).pointerEvents !== 'none') report('a control is covered', nameOf(owner), nameOf(top));
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    const over = [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 0.5);
    report('wider than the window', over.length ? nameOf(over.at(-1)) : 'nothing that is known');
  }
  return [...found];
}
