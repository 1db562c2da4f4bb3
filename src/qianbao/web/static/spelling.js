// Typing a spelling chooses it. Without this, one typed beside another choice is asked about.
document.addEventListener("input", (event) => {
  const choice = document.querySelector("input[name=name_form][value='']");
  if (event.target.name === "name_typed" && event.target.value.trim()) choice.checked = true;
});
