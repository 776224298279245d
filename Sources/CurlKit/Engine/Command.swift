import BlockingWork

/// What other threads ask of the client's.
enum Command: Sendable {
  case start(Transfer)
  case cancel(Exchange)
  case resumeReceiving(Exchange)
  case resumeSending(Exchange)
  case use(TLSCredentials)
  case drop(HTTPOrigin)
  case close
}

typealias CommandInbox = ThreadInbox<Command>
