/** Collects the warnings of the process, until `stopCollecting` is called. */
export function collectWarnings(): { warnings: Error[]; stopCollecting: () => void } {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  return { warnings, stopCollecting: () => void process.off('warning', onWarning) };
}
