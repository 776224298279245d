import BlockingBodies
import Testing

/// OCI distribution-spec 1.1 against a real node: each MUST, and the SHOULDs that we keep, is a test under the section
/// that demands it. What the later text of the specification adds is marked "(after 1.1)".
@Suite(.blocking, .onOneNode)
struct SpecificationTests {}
