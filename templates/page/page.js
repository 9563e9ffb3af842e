// What the reader does in; what is lit, said and shown out. All numbers are those of `$live`.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (id) => document.getElementById(id);
const inputs = all("input.value");
const seeds = all("input.seed");
const stages = all("tr[data-g]"); // by their places
const lines = all("tr[data-i]");
const nodes = all("svg.circuit g[data-s]");
const steps = [...stages.slice(inputs.length), ...lines];
const LEFT = "\u2013";
let step = 0; // 0 is before the first
let now = null; // the values, which are evaluated, the lines and the gradients

const tidy = (text) => text.replace(/\.?0+(?=e|$)/, "");
function shown(value, digits = 6) {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "\u2212inf";
  const size = Math.abs(value);
  let text = String(value + 0);
  if (digits < 17 && size !== 0) {
    const plain = size >= 1e-4 && size < 10 ** digits;
    const exact = plain ? value.toPrecision(digits) : value.toExponential(digits - 1);
    text = /[.]/.test(exact) ? tidy(exact) : exact;
  }
  text = text.replace(/(?<=e[+-])(?=\d$)/, "0"); // as in Python
  return text.replaceAll("-", "\u2212");
}
const digits = () => (one("digits").checked ? 17 : 6);
function put(cell, value) {
  const data = cell.querySelector("b");
  if (!data) return;
  data.dataset.value = value === null ? "" : String(value);
  data.textContent = value === null ? LEFT : shown(value, digits());
}
function read(field) {
  const text = field.value.trim().replaceAll("\u2212", "-");
  const named = { inf: Infinity, "-inf": -Infinity, nan: NaN }[text];
  const value = named ?? (text === "" ? undefined : Number(text));
  const wrong = value === undefined || (Number.isNaN(value) && text !== "nan");
  field.setAttribute("aria-invalid", String(wrong));
  return wrong ? null : value;
}

// The numbers.
function rise(point, upstream, place, step) {
  const moved = (by) => point.map((x, i) => (i === place ? x + by : x));
  const [high, low] = [moved(step), moved(-step)];
  const [above, below] = [high, low].map((at) => results($live(...at)[0]));
  const sum = (f) => upstream.reduce((sum, d, i) => (d === 0 ? sum : sum + f(d, above[i], below[i])), 0);
  const apart = high[place] - low[place];
  const rounding = 2 ** -52 * sum((d, x, y) => Math.abs(d) * (Math.abs(x) + Math.abs(y)));
  return [sum((d, x, y) => d * (x - y)) / apart, rounding / apart];
}
// A step that suits 1 is too long beside small inputs, and one that suits a large input beside its sine:
// the difference is taken by that at which curvature and rounding harm it least.
function difference(point, upstream, place) {
  const size = Math.abs(point[place]);
  const lengths = [...new Set([1, size, Math.sqrt(size)])].filter((x) => x !== 0).sort((x, y) => y - x);
  let [best, least] = [NaN, Infinity];
  for (const length of lengths) {
    const [found, rounding] = rise(point, upstream, place, 2 ** -17 * length);
    const [half] = rise(point, upstream, place, 2 ** -18 * length);
    const error = Math.abs(found - half) + rounding;
    if (error < least || Number.isNaN(best)) [best, least] = [found, error < Infinity ? error : Infinity];
    if (error <= 2 ** -20 * Math.abs(found)) break;
  }
  return best;
}
const places = seeds.map((field) => Number(field.closest("tr").dataset.s));
const results = (values) => places.map((place) => Number(values[place]));
function taken(place, values) {
  const tests = stages[place].dataset.g.split(" ").filter(Boolean);
  return tests.every((test) => Boolean(values[Number(test.slice(0, -1))]) === test.endsWith("+"));
}
function refresh() {
  const given = inputs.map(read);
  const upstream = seeds.map(read);
  const wrong = [...inputs, ...seeds].filter((field) => field.getAttribute("aria-invalid") === "true");
  one("wrong").textContent = wrong.length
    ? `${wrong.map((field) => field.getAttribute("aria-label")).join(", ")}: no number. All values stay as they were.`
    : "";
  if (wrong.length) return;
  const [values, back] = $live(...given);
  const [brought, slopes] = back(...upstream);
  const live = values.map((_, place) => taken(place, values));
  now = { values, live, brought, slopes };
  stages.forEach((row, place) => {
    const gradient = row.querySelector("td.gradient");
    row.classList.toggle("left", !live[place]);
    if (place >= inputs.length) put(row.querySelector("td.value"), live[place] ? values[place] : null);
    if (gradient) put(gradient, live[place] ? slopes[place] : null);
    if (place < inputs.length) put(row.querySelector("td.difference"), difference(given, upstream, place));
  });
  seeds.forEach((field, i) => put(field.closest("tr").querySelector("td.result"), values[places[i]]));
  lines.forEach((row, i) => {
    const [rule, brings, total] = brought[i];
    const source = Number(row.dataset.s);
    [rule, live[source] ? slopes[source] : null, brings, total].forEach((x, cell) => put(row.cells[cell + 1], x));
    row.classList.toggle("left", !live[source]);
  });
  nodes.forEach((node) => {
    const place = Number(node.dataset.s);
    node.classList.toggle("left", !live[place]);
    for (const [kind, list] of [["value", values], ["gradient", slopes]]) {
      const text = node.querySelector(`tspan.${kind}`);
      if (text) text.textContent = live[place] ? shown(list[place], 4) : LEFT;
    }
  });
  say();
}

// What is lit together.
const parts = new Map(); // by place: what shows it
const add = (place, element) => parts.set(place, [...(parts.get(place) ?? []), element]);
const typeset = new Set();
for (const element of all("[data-s]:not([data-i])")) {
  add(Number(element.dataset.s), element);
  if (element.closest("math")) typeset.add(Number(element.dataset.s));
}
for (const line of all("[data-ss]")) {
  for (const place of line.dataset.ss.split(" ").filter(Boolean)) add(Number(place), line);
}
// Each line answers a stage; an input has those that bring it something.
for (const row of lines) {
  add(Number(row.dataset.s), row);
  if (Number(row.dataset.i) < inputs.length) add(Number(row.dataset.i), row);
}
// What the formula does not show by itself stands in what reads it, which comes later.
for (let place = stages.length - 1; place >= 0; place -= 1) {
  if (typeset.has(place)) continue;
  const reader = lines.find((row) => Number(row.dataset.i) === place);
  const inside = (reader && parts.get(Number(reader.dataset.s))) ?? [];
  inside.filter((element) => element.closest("math")).forEach((element) => add(place, element));
}
function light(found, here) {
  all(".lit, .here").forEach((element) => element.classList.remove("lit", "here"));
  found.flatMap((place) => parts.get(place) ?? []).forEach((element) => element.classList.add("lit"));
  if (here) here.classList.add("here");
}
function reveal(apart) {
  for (const element of all(".here, .lit")) {
    const box = element.closest(".scroll");
    const others = element.matches("tr") && !element.matches(".here") && box?.querySelector(".here");
    if (!box || box === apart || others) continue;
    const [inner, outer] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
    const top = outer.top + (box.querySelector("thead")?.offsetHeight ?? 0);
    if (inner.top < top) box.scrollTop -= top - inner.top;
    else if (inner.bottom > outer.bottom) box.scrollTop += Math.min(inner.bottom - outer.bottom, inner.top - top);
    if (element.matches("tr")) continue;
    if (inner.left < outer.left) box.scrollLeft -= outer.left - inner.left + 16;
    else if (inner.right > outer.right) box.scrollLeft += Math.min(inner.right - outer.right, inner.left - outer.left) + 16;
  }
}
let last = ""; // where the pointer is: what scrolls below it is not pointed at
function point(event) {
  const where = `${event.screenX} ${event.screenY}`;
  if (where === last) return;
  last = where;
  const element = event.target.closest?.("[data-s], [data-ss]");
  if (!element) return stay();
  const some = element.dataset.s ?? element.dataset.ss;
  light(some.split(" ").filter(Boolean).map(Number), element.matches("tr") ? element : null);
  reveal(element.closest(".scroll"));
}
function stay() {
  const row = steps[step - 1];
  light(row ? [Number(row.dataset.s)] : [], row);
  const node = row && nodes.find((one) => one.dataset.s === (row.dataset.i ?? row.dataset.s));
  if (node) node.classList.add("here");
}

// Steps.
const forward = steps.length - lines.length;
const plain = (cell) => cell.textContent.replace(/\s+/g, " ").trim();
function sentence() {
  const row = steps[step - 1];
  const show = (x) => shown(x, digits());
  if (!row) return `${forward} stages forward, ${lines.length} lines backward. Next, or the right arrow key, shows the first.`;
  const source = Number(row.dataset.s);
  const name = plain(stages[source].cells[0]);
  if (step <= forward) {
    const says = plain(row.cells[1].querySelector("code"));
    const end = now.live[source] ? `is ${show(now.values[source])}` : "is not evaluated: its branch is not taken";
    return `Forward, ${step} of ${forward}: ${name} = ${says} ${end}.`;
  }
  const [rule, brings, total] = now.brought[step - forward - 1];
  const [into, sign, ...rest] = plain(row.cells[0]).split(" ");
  const text = row.cells[1].querySelector("code");
  const local = text ? `${plain(text)} is ${show(rule)};` : `is ${show(rule)};`;
  const idle = brings === 0 && !Number.isFinite(rule) ? ", as nothing comes in" : "";
  const sum = sign === "=" ? "" : ` With that, ${into} is ${show(total)}.`;
  return `Backward, ${step - forward} of ${lines.length}: ${into} ${sign} ${rest.join(" ")}. The local derivative ${local} times ${rest.at(-1)}, which is ${show(now.slopes[source])}, it brings ${show(brings)}${idle}.${sum}`;
}
function say() {
  const text = sentence();
  if (one("say").textContent !== text) one("say").textContent = text;
}
function go(to) {
  step = Math.min(Math.max(to, 0), steps.length);
  all("[aria-current]").forEach((row) => row.removeAttribute("aria-current"));
  const row = steps[step - 1];
  stay();
  say();
  if (!row) return;
  row.setAttribute("aria-current", "step");
  reveal(null);
}
for (const [id, to] of [["first", () => 1], ["back", () => step - 1], ["next", () => step + 1], ["last", () => steps.length]]) {
  one(id).addEventListener("click", () => go(to()));
}
const keys = { ArrowLeft: () => step - 1, ArrowRight: () => step + 1, Home: () => 1, End: () => steps.length };
document.addEventListener("keydown", (event) => {
  const apart = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
  if (apart || !Object.hasOwn(keys, event.key) || event.target.closest?.("input[type=text], .scroll")) return;
  event.preventDefault();
  go(keys[event.key]());
});
document.addEventListener("pointerover", point);
document.documentElement.addEventListener("pointerleave", stay);
steps.forEach((row, i) =>
  row.addEventListener("click", () => {
    document.activeElement.blur(); // for the arrow keys
    go(i + 1);
  }),
);
document.addEventListener("input", (event) => {
  if (event.target.matches("input[type=text]")) refresh();
});
one("digits").addEventListener("change", () => {
  document.body.classList.toggle("digits", one("digits").checked);
  refresh();
});
for (const button of all("button.alone")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const chosen = button.closest("td").querySelector("input");
    seeds.forEach((field) => (field.value = field === chosen ? "1" : "0"));
    refresh();
  });
}
[...inputs, ...seeds].forEach((field) => (field.readOnly = false));
one("first").parentElement.hidden = false;
refresh();
