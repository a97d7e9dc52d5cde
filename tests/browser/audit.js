// What cannot be read or tapped on the page as it stands: a list of sentences.
() => {
  const faults = [];
  // On a phone the layout grows with what overflows it; the screen does not.
  const width = Math.min(innerWidth, screen.width);
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility === "visible";
  };
  const name = (element) => `${element.tagName}.${element.className} “${element.textContent.trim().slice(0, 20)}”`;
  const colour = (text) => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return parts.length === 4 ? parts : [...parts, 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const own = colour(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !seen(element) || element.closest(".out-of-sight, noscript")) continue;
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) < 18) faults.push(`type ${style.fontSize}: ${name(element)}`);
    const back = ground(element);
    const [a, b] = [light(over(colour(style.color), back)), light(back)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${name(element)}`);
  }
  for (const target of document.querySelectorAll("button, a, summary, label.choice, label.files, input[type=text], select, textarea")) {
    if (!seen(target) || target.closest(".out-of-sight, [aria-hidden=true]")) continue;
    const box = target.getBoundingClientRect();
    if (box.height < 59.5 || box.width < 60) faults.push(`target ${box.width}×${box.height}: ${name(target)}`);
    if (box.right > width + 0.5 || box.left < -0.5) faults.push(`cut off: ${name(target)}`);
  }
  for (const label of document.querySelectorAll(".files, button, a.weui-btn")) {
    if (seen(label) && label.scrollWidth > label.clientWidth + 1) faults.push(`words cut off: ${name(label)}`);
  }
  const wide = document.documentElement.scrollWidth - width;
  if (wide > 0) faults.push(`wider than the screen by ${wide}`);
  return faults;
}
