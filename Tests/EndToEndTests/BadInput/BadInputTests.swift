import BlockingBodies
import Testing

/// What careless and hostile clients send to a real node, and what broken machines do to it. Each gets the right error
/// quickly, nothing leaks, and the next client is served.
@Suite(.blocking)
struct BadInputTests {}
