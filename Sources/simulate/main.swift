import Glibc
import RegistryTesting

// simulate adverse [SEEDS [FIRST]]: fleets of 8 that go through everything, one after the other
// simulate seed SEED: one of them, and what happened last if it fails
// simulate spread NODES [CLAIMS]: how fast a claim reaches all, and what it costs
// simulate faults [SEEDS]: that each planted fault is found
let arguments = CommandLine.arguments.dropFirst()
let command = SimulationCommand(arguments)
exit(command.run() ? 0 : 1)
