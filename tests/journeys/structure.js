// What the page is made of: names, classes and roles, without texts and numbers; of equal neighbours only the first.
() => {
  const NAMES = /^(role|type|hidden|open|popover|disabled|aria-(?!label|describedby|controls).*|data-theme)$/;
  const of = one => {
    const attributes = [...one.attributes].filter(each => NAMES.test(each.name)).map(each => `${each.name}=${each.value}`);
    const names = [...one.attributes].map(each => each.name).join(' ');
    const inside = [...one.children].map(of).filter((each, at, all) => each !== all[at - 1]).join('');
    const text = [...one.childNodes].some(each => each.nodeType === Node.TEXT_NODE && each.data.trim()) ? 't' : '';
    return `<${one.localName}.${[...one.classList].join('.')} ${names} ${attributes}>${text}${inside}</>`;
  };
  const brand = [...document.querySelectorAll('link[href*="/brand/"]')].map(one => new URL(one.href).pathname);
  return `${brand}${of(document.body)}`;
}
