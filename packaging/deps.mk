# What a machine needs: the list is packaging/packages.txt.

.PHONY: deps deps-test deps-bench
deps:           ## install what is missing to build and run (Debian, as root)
	@sh packaging/deps.sh build

deps-test:
	@sh packaging/deps.sh test

deps-bench:
	@sh packaging/deps.sh bench
