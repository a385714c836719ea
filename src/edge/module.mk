# The nginx module, built in nginx-dev's tree against Debian's own nginx.
.PHONY: module
module:         ## the nginx module
