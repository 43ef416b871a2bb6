import { startDelivery } from './compose-delivery.ts';
import { startExpiry } from './compose-expiry.ts';
import { startReminders } from './compose-notices.ts';
import type { ProtocolParts } from './compose-provider.ts';
import { startPush } from './compose-push.ts';
import type { Metrics } from './http/index.ts';
import type { Languages } from './language/index.ts';
import type { RotatingProvider } from './oidc/index.ts';

interface Parts {
  readonly engine: RotatingProvider;
  readonly metrics: Metrics;
  readonly languages: Languages;
}

/**
 * Starts what a server does without being asked: reminders, what ran out, records and audit log on their way. Part of the
 * composition root: see app.ts.
 *
 * @returns ends it; what was not sent waits
 */
export function startBackground(
  protocol: ProtocolParts,
  { engine, metrics, languages }: Parts,
): () => Promise<void> {
  const stopReminders = startReminders(protocol, languages);
  const stopExpiry = startExpiry(protocol);
  const stopSending = [startPush(protocol, engine, metrics), startDelivery(protocol, engine, metrics)];
  return async () => {
    stopReminders();
    stopExpiry();
    await Promise.all(stopSending.map((stop) => stop()));
  };
}
