// Which cells a filter shows, and a filter as the part of an address after "#". Nothing here
// touches the page, so that it can be tested by itself.
"use strict";

// A filter has sets of states, levels and dtypes, a text with names, and whether only cells count
// in which reports differ.
function everything(all) {
  return {
    state: new Set(all.state),
    level: new Set(all.level),
    dtype: new Set(all.dtype),
    name: "",
    differ: false,
  };
}

// Names are separated by commas or blanks; "*" stands for anything; without one, a part will do.
function nameMatches(name, text) {
  const wanted = text.toLowerCase().split(/[\s,]+/).filter(Boolean);
  const given = name.toLowerCase();
  return wanted.length === 0 || wanted.some((pattern) => {
    if (!pattern.includes("*")) return given.includes(pattern);
    const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(given);
  });
}

// `states` has one entry for each report, "" where it lacks the cell.
function cellMatches(states, dtype, filter) {
  if (!filter.dtype.has(dtype)) return false;
  if (filter.differ && new Set(states).size < 2) return false;
  return states.some((state) => filter.state.has(state));
}

// For one row: whether it is shown, and for each cell whether it is what was asked for.
function rowMatches(level, name, cells, dtypes, filter) {
  const named = filter.level.has(level) && nameMatches(name, filter.name);
  const matching = cells.map((states, at) =>
    named && states !== null && cellMatches(states, dtypes[at], filter));
  return { shown: matching.includes(true), matching };
}

function toHash(filter, all) {
  const parts = new URLSearchParams();
  for (const key of ["state", "level", "dtype"]) {
    const chosen = all[key].filter((value) => filter[key].has(value));
    if (chosen.length < all[key].length) parts.set(key, chosen.join(","));
  }
  if (filter.name.trim()) parts.set("name", filter.name.trim());
  if (filter.differ) parts.set("differ", "1");
  return parts.toString().replaceAll("%2C", ",");
}

// What is unknown is left out; a part that is not there means all.
function fromHash(hash, all) {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const filter = everything(all);
  for (const key of ["state", "level", "dtype"]) {
    if (!parts.has(key)) continue;
    const chosen = parts.get(key).split(",");
    filter[key] = new Set(all[key].filter((value) => chosen.includes(value)));
  }
  filter.name = parts.get("name") ?? "";
  filter.differ = parts.get("differ") === "1";
  return filter;
}

// The place `step` away from `from` in the direction (down, right), over what is not to be entered:
// `open(row, column)` says where one may stop.
function nextPlace(from, down, right, rows, columns, open) {
  let [row, column] = from;
  for (;;) {
    row += down;
    column += right;
    if (row < 0 || column < 0 || row >= rows || column >= columns) return from;
    if (open(row, column)) return [row, column];
  }
}

// `template` is the command with DEVICE, and ID or NAME, in it.
function replayCommand(template, device, id, name) {
  const given = { DEVICE: device, ID: id, NAME: name };
  return template.replace(/DEVICE|ID|NAME/g, (word) => given[word]);
}

if (typeof module !== "undefined") {
  module.exports = {
    everything, nameMatches, cellMatches, rowMatches, toHash, fromHash, nextPlace,
    replayCommand,
  };
}
