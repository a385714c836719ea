# What a machine needs: the list is packaging/packages.txt.

.PHONY: deps
deps:           ## install what is missing (Debian, as root)
	@sh packaging/deps.sh build
