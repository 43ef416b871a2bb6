import type { AccountId, ClientId, GrantId } from '../oauth/index.ts';
import type { TimeStamp } from '../time/index.ts';

/** Where a request came from and how to find its other traces. */
export interface Circumstances {
  /** The reference id shown to people and written to the log. */
  readonly reference?: string;
  readonly address?: string;
  /** Who ran the command that did it, by their user name at the machine. */
  readonly operator?: string;
}

/** Who asked, for whom, and over what: the members most events share. */
interface Subject {
  readonly clientId?: ClientId;
  readonly accountId?: AccountId;
  readonly grantId?: GrantId;
  readonly fhirServer?: string;
  readonly patient?: string;
  readonly scope?: string;
}

type Event<Type extends string, Details = unknown> = {
  readonly type: Type;
  readonly outcome: Outcome;
} & Circumstances &
  Details;

/** `success`; `refused`: the server said no; `denied`: the person said no; `failure`: something broke. */
export type Outcome = 'success' | 'refused' | 'denied' | 'failure';

type Reason = { readonly reason?: string };
/** So many alike since that moment (UTC); absent: one. */
type Counted = { readonly count?: number; readonly since?: string };
/** The reference of the Consent it is about, where `reference` is that of the page. */
type OfConsent = { readonly consent?: string };

/** How far our clock is ahead of the one of the store that is farthest from it; of the time servers: see {@link TimeStamp}. */
type ClockState = { readonly skewMs?: number };

/** What was asked for: at an endpoint; or by a page or a form that is over, or of somebody else. */
export type RefusedRequest =
  | 'authorization'
  | 'token'
  | 'introspection'
  | 'revocation'
  | 'launch'
  | 'revocation-feed'
  | 'usage'
  | 'page'
  | 'form';

/**
 * Everything we can say we did. Adding a member is changing a contract: sinks and reports read these.
 * No event carries a token, a code, a password or a secret; `tokenHash` is the keyed hash the store uses.
 */
export type AuditEvent =
  | Event<'server.start', { readonly store: string; readonly issuer: string }>
  | Event<'server.stop', Reason>
  /** A start with another configuration than the one before: the names of its sections that differ. */
  | Event<'config.changed', { readonly sections: string }>
  /** The clock is not believed any more, so nothing is issued; by how much it is wrong, as far as that is known. */
  | Event<'clock.wrong', ClockState & { readonly reason: string }>
  /** It is believed again. */
  | Event<'clock.right', ClockState>
  /** No time server answers: the clock goes on as it was last confirmed, for a while. */
  | Event<'clock.holdover', ClockState>
  | Event<
      'sign-in',
      Subject &
        Reason & {
          readonly usernameHash?: string;
          /** `ehr`: the EHR said who is at the browser. Absent: a password, or `provider`. */
          readonly method?: 'ehr' | 'totp' | 'recovery-code' | 'mailed-code' | 'passkey' | 'synced-passkey';
          /** Who signed the person in, where it was not we. */
          readonly provider?: string;
        }
    >
  | Event<'sign-out', Subject & Reason & { readonly provider?: string }>
  /** An app was told that its session has ended, or could not be. */
  | Event<'sign-out.told', Subject & Reason>
  | Event<'launch.created', Subject & { readonly launchHash: string; readonly ehrClientId: ClientId }>
  | Event<'launch.used', Subject & { readonly launchHash: string }>
  | Event<'authorize', Subject & Reason>
  | Event<
      'consent',
      Subject &
        Reason & {
          readonly dropped?: string;
          /** Asked just now, agreed to before, or never asked: the organisation's own app. */
          readonly basis?: 'asked' | 'remembered' | 'skipped';
          /** As whom, and by which right, somebody acts for the patient: `RelatedPerson/7`. */
          readonly actsAs?: string;
          readonly legalBasis?: 'parent' | 'guardian' | 'power-of-attorney';
          /** UTC; absent: as long as the app keeps coming back. */
          readonly until?: string;
        }
    >
  /** A clinician opened restricted records of a patient, or was not let. */
  | Event<
      'break-glass',
      Subject &
        Reason & {
          /** What they typed. */
          readonly why?: string;
          /** UTC. */
          readonly until?: string;
        }
    >
  | Event<'break-glass.ended', Subject>
  | Event<'consent.narrowed', Subject & OfConsent & { readonly dropped: string }>
  | Event<'record.failed', Subject & { readonly decision: string }>
  | Event<'token.issued', Subject & { readonly grantType: string; readonly tokenHash?: string }>
  /** What `token.issued` announced did not come to be: nobody was given that token. */
  | Event<'token.withdrawn', Subject & Reason & { readonly grantType: string; readonly tokenHash?: string }>
  | Event<'token.repeated', Subject>
  | Event<'token.refused', Subject & Reason & Counted & { readonly grantType?: string }>
  /** Somebody was told no, where nothing above says so. What a limit turned away is counted and not recorded: see `limits/`. */
  | Event<'request.refused', Subject & Counted & { readonly what: RefusedRequest; readonly reason: string }>
  | Event<
      'token.introspected',
      Subject &
        Counted & {
          readonly active: boolean;
          /** Of the one token that was asked about. */
          readonly tokenHash?: string;
          readonly resourceServer?: ClientId;
        }
    >
  | Event<'revocations.opened', { readonly resourceServer: ClientId }>
  | Event<'revocations.closed', Reason & { readonly resourceServer: ClientId }>
  | Event<
      'fhir.access',
      Subject &
        Reason & {
          readonly interaction: string;
          /** `*`: over every type. */
          readonly resourceType: string;
          /** So many alike since that moment (UTC). */
          readonly count: number;
          readonly since: string;
        }
    >
  | Event<
      'token.revoked',
      Subject & Reason & OfConsent & { readonly what: 'grant' | 'token'; readonly tokenHash?: string }
    >
  | Event<'token.reuse', Subject & { readonly what: 'code-or-refresh-token' }>
  | Event<'client.changed', Subject & { readonly change: 'added' | 'removed' | 'disabled' | 'enabled' }>
  | Event<
      'account.changed',
      Subject & {
        readonly change:
          | 'added'
          | 'disabled'
          | 'enabled'
          | 'linked'
          | 'unlinked'
          | 'updated'
          | 'password'
          | 'email'
          | 'factors'
          | 'factors-removed'
          | 'reset-code';
        /** On whose word, where it was not an operator's. */
        readonly provider?: string;
        /** What was updated: `name role fhirUser`. */
        readonly fields?: string;
        /** Which factor: `totp`, `passkey`, `recovery-codes`; `reset`: a password set with a code. */
        readonly what?: string;
      }
    >
  | Event<
      'audit.read',
      Pick<Subject, 'patient'> & {
        readonly what: 'export' | 'report';
        readonly from?: string;
        readonly to?: string;
      }
    >
  /** The audit log took nothing since that moment (UTC): so many records waited in memory, so many found no room. */
  | Event<'audit.resumed', { readonly since: string; readonly held: number; readonly lost: number }>
  | Event<'store.adopted', { readonly epoch: string }>
  | Event<'store.seal-broken', { readonly key: string }>
  | Event<'store.keys-rotated', { readonly dataKey: number }>
  | Event<'store.rewrapped'>
  | Event<'store.exported', { readonly rows: number; readonly final: boolean }>
  | Event<'store.imported', { readonly rows: number; readonly epoch: string }>
  | Event<
      'keys.rotated',
      {
        /** Those of tokens, of the records of decisions, or of this log. */
        readonly set: 'tokens' | 'records' | 'audit';
        readonly active: string;
        readonly next: string;
      }
    >;

export type AuditEventType = AuditEvent['type'];

/** An event as it is kept: when, and by which clock (SEC-2). */
export type AuditRecord = AuditEvent & TimeStamp;

/** Takes records somewhere. A sink that cannot keep a record rejects; the recorder reports it. */
export interface AuditSink {
  readonly name: string;
  write(record: AuditRecord): Promise<void>;
  close(): Promise<void>;
}
