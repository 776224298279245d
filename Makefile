# Two commands do everything on a fresh Debian 12 with Swift 6.3: `make run` and `make test`.

DATA ?= ./data
LISTEN ?= 127.0.0.1:5000
SHOAL := .build/release/shoal

# A host that runs the release needs Debian's libraries and no Swift. The simulator is built alike: other flags would have
# the modules that both share built anew each time that one follows the other.
RELEASE := -c release -Xswiftc -static-stdlib
RELEASE_FLAGS := $(RELEASE) --product shoal
SIMULATE_FLAGS := $(RELEASE) --product simulate
SIMULATE := .build/release/simulate
# Most tests wait; but all at once would starve each other, and the deadlines they test.
FEW_AT_ONCE := --experimental-maximum-parallelization-width 3
STRICT := --explicit-target-dependency-import-check error

.PHONY: run fleet release test unit-test client-test lint simulate fuzz sanitize bench compat spread soak packages test-packages clean help

run: release  ## build, and start a node on 127.0.0.1:5000
	exec $(SHOAL) serve --data $(DATA) --listen $(LISTEN)

fleet: release  ## a fleet of three nodes shows what it does; KEEP=1 lets it run on
	packaging/install-packages config/fleet-packages
	config/fleet-demo $(SHOAL)

release: packages  ## build the release binary
	swift build $(RELEASE_FLAGS)

test: unit-test client-test  ## every test, with the real clients

unit-test: test-packages  ## tests of the modules and of the whole process
	swift build --build-tests $(STRICT)
	swift test --skip-build $(FEW_AT_ONCE)

client-test: release test-packages  ## docker, containerd, podman, buildah, skopeo and oras against the release binary
	Tests/Clients/run $(SHOAL)

lint:  ## format rules
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

simulate: packages  ## a thousand fleets that go through everything, and a fleet of a thousand
	swift build $(SIMULATE_FLAGS)
	$(SIMULATE) adverse 1000
	$(SIMULATE) faults 60
	$(SIMULATE) spread 1000
	$(SIMULATE) swarm 1

fuzz: packages  ## ten minutes of fuzzing the parsers
	Tests/Fuzz/run 120

sanitize: test-packages  ## the module tests under the address and the thread sanitizer
	.ci/sanitize address
	.ci/sanitize thread

bench: release  ## the table of docs/BENCHMARKS.md, beside nginx and Debian's docker-registry
	packaging/install-packages bench/packages
	bench/run --short $(SHOAL)

compat: release  ## this release beside an earlier one in one fleet: make compat TAG=COMMIT
	Tests/Compatibility/run $(or $(TAG),$(error TAG names the earlier release: a tag, a branch, a commit)) $(SHOAL)

spread: release  ## a small fleet: tags repointed, deleted, a line cut; fails when it is late or steps back
	packaging/install-packages bench/packages
	bench/run --short --row 11 $(SHOAL)

soak: release test-packages  ## the long runs
	packaging/install-packages bench/packages
	bench/run $(SHOAL)
	bench/run --row 5 --nodes 32 --mbit 6 --mib 32 $(SHOAL)
	swift build --build-tests
	for round in 1 2 3 4 5 6 7 8 9 10; do swift test --skip-build $(FEW_AT_ONCE) --filter KillTests || exit 1; done
	PARTITION_SECONDS=60 FLEET_NODES=8 Tests/Clients/run --only 'fleet-halves-*' $(SHOAL)
	Tests/Fuzz/run 1800
	swift build $(SIMULATE_FLAGS)
	$(SIMULATE) adverse 10000 1001
	$(SIMULATE) spread 10000

packages:
	packaging/install-packages packaging/build-packages

test-packages: packages
	packaging/install-packages Tests/packages Tests/Clients/packages

clean:
	rm -rf .build .build-address .build-thread

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 16
