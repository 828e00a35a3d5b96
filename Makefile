# The doors of the house; the work is done in scripts/.

.PHONY: help run client server netsim soak power kills bench report test check install uninstall
.NOTPARALLEL:

# NAME counts only where it was typed after `make`: some systems have one in every environment.
ifeq ($(origin NAME),command line)
export TERTULIA_NAME := $(value NAME)
endif
export TERTULIA_PREFIX := $(PREFIX)
export TERTULIA_DESTDIR := $(DESTDIR)
ifeq ($(origin BIN),command line)
export TERTULIA_BIN := $(BIN)
endif

help:
	@echo 'make run [NAME=ana]    a server of your own and its window; the first one owns the server'
	@echo 'make client NAME=beto  one more person: another window to that server'
	@echo 'make server            the server alone: no window, no GTK needed'
	@echo 'make netsim            messages through bad networks of five kinds, counted'
	@echo 'make soak SEEDS=500    server and clients in virtual time while everything goes wrong; or TIME=90s'
	@echo 'make power CUTS=500    power cuts of a recorded server and client: what they promised is there'
	@echo 'make kills KILLS=500   a real server and clients killed under load, and all compared'
	@echo 'make bench             figures: fan-out beside TLS over TCP; 1000 to 1000000 messages, or MOST=10000000'
	@echo 'make report [QUICK=1]  ours and TLS over TCP on bad networks: a page with pictures'
	@echo 'make test              every test, windows included; no display needed'
	@echo 'make install [PREFIX=/usr/local] [DESTDIR=]  the programs, for everybody here; make uninstall'
	@echo 'make check             format, lints, documentation, licences, dependencies'

run:
	@scripts/run

client:
	@scripts/client

server:
	@scripts/server

netsim:
	@scripts/netsim

# SEEDS, TIME and PRESET count only where they were typed after `make`.
soak:
	@SEEDS='$(if $(filter command line,$(origin SEEDS)),$(value SEEDS))' \
	    TIME='$(if $(filter command line,$(origin TIME)),$(value TIME))' \
	    PRESET='$(if $(filter command line,$(origin PRESET)),$(value PRESET))' scripts/soak

# CUTS and KILLS likewise.
power:
	@CUTS='$(if $(filter command line,$(origin CUTS)),$(value CUTS))' scripts/power

kills:
	@KILLS='$(if $(filter command line,$(origin KILLS)),$(value KILLS))' scripts/kills

# MOST counts only where it was typed after `make`.
bench:
	@MOST='$(if $(filter command line,$(origin MOST)),$(value MOST))' scripts/bench

# QUICK likewise.
report:
	@QUICK='$(if $(filter command line,$(origin QUICK)),$(value QUICK))' scripts/report

test:
	@scripts/test

check:
	@scripts/check

install:
	@scripts/install

uninstall:
	@scripts/uninstall
