/** One call of the API under test. */
export async function call(port, path, { method = 'POST', body, type = 'application/json' }) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { 'Content-Type': type }, body });
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
