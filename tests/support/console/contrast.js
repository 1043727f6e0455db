// Returns the texts of a page with less contrast than WCAG 2.2 AA asks for.
(() => {
  const parse = (text) => {
    const numbers = text.match(/[\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return { rgb: numbers.slice(0, 3).map((each) => each * scale), alpha: numbers[3] ?? 1 };
  };
  const luminance = (rgb) => {
    const linear = rgb.map((each) => {
      const share = each / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const over = (top, below) => top.rgb.map((each, at) => each * top.alpha + below[at] * (1 - top.alpha));
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const box = each.querySelector && each.closest("svg") && each.parentElement.querySelector(":scope > rect.box");
      const color = parse(box ? getComputedStyle(box).fill : getComputedStyle(each).backgroundColor);
      if (color.alpha > 0) layers.push(color);
      if (color.alpha === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const bad = [];
  const look = (element, style, text) => {
    const back = behind(element);
    const color = parse(element.closest("svg") ? style.fill : style.color);
    const front = over(color, back);
    const [light, dark] = [luminance(front), luminance(back)].sort((one, other) => other - one);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${text.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let looked = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (["SCRIPT", "OPTION", "DATALIST"].includes(element.tagName)) continue;
    look(element, getComputedStyle(element), walker.currentNode.data);
    looked += 1;
  }
  for (const field of document.querySelectorAll("input, textarea, select")) {
    if (field.type === "hidden" || !field.checkVisibility()) continue;
    look(field, getComputedStyle(field), field.value || field.name);
    if (field.placeholder) look(field, getComputedStyle(field, "::placeholder"), field.placeholder);
  }
  return { bad, looked };
})()
