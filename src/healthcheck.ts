/** The image's health check: asks the management port whether the server is ready. Exit 0: yes; 1: no. */
const port = process.env['MANAGEMENT_PORT'] ?? '9000';
const TIMEOUT_MS = 2000;

try {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}

export {};
