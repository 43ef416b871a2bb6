/**
 * Sends audit events as syslog messages over TLS (RFC 5425). Owns the connection and nothing of what a message says. Called
 * by who delivers the audit log.
 */
export { createSyslogOutlet, type SyslogReceiver } from './outlet.ts';
