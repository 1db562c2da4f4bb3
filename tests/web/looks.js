() => {
  // Faults of the page as it is drawn: sideways scrolling, controls beyond the edge or under 44 px
  // high, and text with less contrast than WCAG's AA asks for.
  const faults = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) faults.push("scrolls sideways");

  const hidden = (element) =>
    element.closest(".side, .skip") || element.closest("details:not([open]) > :not(summary)");
  for (const control of document.querySelectorAll(
    "a, button, input:not([type=hidden]), select, textarea, summary",
  )) {
    const box = control.getBoundingClientRect();
    if (!box.width || !box.height || hidden(control)) continue;
    const label = control.closest("label");
    const height = Math.max(box.height, label ? label.getBoundingClientRect().height : 0);
    const name = control.outerHTML.slice(0, 90);
    if (height < 44) faults.push(`${Math.round(height)} px high: ${name}`);
    if (box.right > width + 1) faults.push(`beyond the edge: ${name}`);
  }

  const channel = (value) =>
    value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([red, green, blue]) =>
    0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const read = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return [red, green, blue, alpha];
  };
  const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3]));
  const groundOf = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage.includes("gradient")) {
        layers.push(read(style.backgroundImage.match(/rgba?\([^)]*\)/)[0]));
        break;
      }
      const colour = read(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    const text = words.currentNode.textContent.trim();
    if (!text || ["SCRIPT", "OPTION"].includes(element.tagName) || hidden(element)) continue;
    if (!element.getBoundingClientRect().width) continue;
    const style = getComputedStyle(element);
    const colour = read(style.color);
    for (let node = element; node; node = node.parentElement)
      colour[3] *= parseFloat(getComputedStyle(node).opacity);
    const ground = groundOf(element);
    const [low, high] = [light(over(colour, ground)), light(ground)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${text.slice(0, 40)}`);
  }
  return faults;
}
