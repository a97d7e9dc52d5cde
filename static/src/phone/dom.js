/** Making and showing parts of the page. Texts and words become text nodes, never markup. */

import { Own, Words, nodeOf, say, setAttribute } from "../words/words.js";

/**
 * An element. `attributes`: `class`, `onclick` and the like (functions become listeners),
 * booleans for presence, everything else as written. `children`: elements, texts, words, lists;
 * null and false are left out.
 */
export function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) {
      setAttribute(element, key, value);
    }
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false) {
      const shown = typeof child !== "object" || child instanceof Words || child instanceof Own;
      element.appendChild(shown ? nodeOf(child) : child);
    }
  }
}

/** A button that acts once per tap: the second half of a double tap does nothing. */
export function button(text, kind, action, attributes) {
  return h(
    "button",
    Object.assign(
      {
        type: "button",
        class: `weui-btn weui-btn_${kind}`,
        onclick: (event) => {
          if (event.detail < 2) action(event);
        },
      },
      attributes,
    ),
    text,
  );
}

/**
 * Replaces the page's content. The heading gets the focus, so that a screen reader begins there
 * and nobody is left at the bottom of the page before; `spoken` are words that it adds.
 */
export function show(step, parts, actions, spoken = "") {
  const page = document.getElementById("page");
  while (page.firstChild) page.removeChild(page.firstChild);
  page.className = `page step-${step}`;
  append(page, [h("div", { class: "page__body" }, parts)]);
  if (actions && actions.length) append(page, [h("div", { class: "actions" }, actions)]);
  announce(spoken);
  const heading = page.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
}

/** Says `words` to screen readers without moving the focus. */
export function announce(words) {
  say(document.getElementById("status"), words);
}

/** Out of reach for fingers, keys and screen readers, or back; engines without `inert` know the second. */
function setBehind(element, whether) {
  for (const name of ["inert", "aria-hidden"]) {
    if (whether) element.setAttribute(name, "true");
    else element.removeAttribute(name);
  }
}

/**
 * A dialog over the page: `actions` are buttons, the first gets the focus. Returns `close()`.
 * `onCancel` is called for Escape.
 */
export function dialog(title, text, actions, onCancel) {
  const behind = Array.from(document.querySelectorAll("body > header, body > main"));
  const before = document.activeElement;
  const box = h(
    "div",
    { class: "ask", role: "dialog", "aria-modal": "true", "aria-labelledby": "ask-title",
      "aria-describedby": "ask-text" },
    h("div", { class: "weui-mask" }),
    h(
      "div",
      { class: "weui-dialog" },
      h("h2", { class: "ask__title", id: "ask-title" }, title),
      h("p", { class: "ask__text", id: "ask-text" }, text),
      h("div", { class: "ask__actions" }, actions),
    ),
  );
  const onKey = (event) => {
    if (event.key === "Escape") onCancel();
    if (event.key === "Tab") {
      // The page behind is out of reach while the question stands.
      const next = actions[(actions.indexOf(document.activeElement) + 1) % actions.length];
      event.preventDefault();
      next.focus();
    }
  };
  box.addEventListener("keydown", onKey);
  document.body.appendChild(box);
  for (const element of behind) setBehind(element, true);
  actions[0].focus();
  return () => {
    if (!box.parentNode) return;
    box.parentNode.removeChild(box);
    for (const element of behind) setBehind(element, false);
    if (before && before.focus) before.focus({ preventScroll: true });
  };
}
