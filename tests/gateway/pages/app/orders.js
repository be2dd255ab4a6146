// Lists the orders of one customer, adds one, deletes the last: each step by fetch, then the list again. `state` says
// "ready N" when the step is done and N orders are shown.
const customer = new URLSearchParams(location.search).get("customer");
const state = document.getElementById("state");
const list = document.getElementById("orders");

async function ask(method, path, body) {
  const answer = await fetch(`../${path}`, {
    method, headers: body ? { "content-type": "application/json" } : {}, body: body && JSON.stringify(body) });
  return answer.ok ? answer.json() : null;
}

async function show() {
  const orders = await ask("GET", `orders?customer=${customer}`);
  list.replaceChildren(...orders.map((order) => {
    const item = document.createElement("li");
    item.dataset.id = order.id;
    item.textContent = `${order.id}: ${order.amount}`;
    return item;
  }));
  state.textContent = `ready ${orders.length}`;
}

function on(id, work) {
  document.getElementById(id).addEventListener("click", async () => {
    state.textContent = "working";
    await work();
    await show();
  });
}

on("add", () => ask("POST", "orders", { customer: Number(customer), amount: 700 }));
on("delete", () => ask("DELETE", `orders/${list.lastElementChild.dataset.id}`));
on("look", () => ask("GET", "orders/999999"));
show();
