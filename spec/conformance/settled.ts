/** What something has come to. Never rejects. */
export async function settled<Value>(
  promise: Promise<Value>,
): Promise<{ value?: Value; error?: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}
