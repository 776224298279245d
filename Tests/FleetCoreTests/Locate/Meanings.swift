import FleetCore

/// How a member holds a blob; RegistryCore has one of that name too.
typealias Holding = FleetCore.Holding
