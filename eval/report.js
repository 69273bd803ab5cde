"use strict";
// A click on a name sorts the rows by that column, a second one backwards;
// what is no number goes behind all numbers.
const value = (row, column) => {
	const text = row.cells[column].textContent;
	return text === "–" ? null : text;
};
const compare = (a, b) => {
	if (a === null || b === null)
		return (a === null) - (b === null);
	const x = Number(a === "inf" ? Infinity : a);
	const y = Number(b === "inf" ? Infinity : b);
	if (Number.isNaN(x) || Number.isNaN(y))
		return Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b);
	return x === y ? 0 : x < y ? -1 : 1;
};
for (const button of document.querySelectorAll("th button"))
	button.addEventListener("click", () => {
		const name = button.parentNode;
		const down = name.getAttribute("aria-sort") === "ascending";
		const body = name.closest("table").tBodies[0];
		const column = name.cellIndex;
		for (const other of name.parentNode.cells)
			other.removeAttribute("aria-sort");
		name.setAttribute("aria-sort", down ? "descending" : "ascending");
		const rows = [...body.rows].sort((a, b) => {
			const x = value(a, column), y = value(b, column);
			if (x === null || y === null)
				return compare(x, y);
			return down ? compare(y, x) : compare(x, y);
		});
		body.append(...rows);
	});
