// Elements of the page. Texts only ever become text nodes: nothing in them is read as HTML.

/** An element; members of `attributes` that are functions are listeners, `undefined` ones are left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);
