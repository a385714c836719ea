# A first answer, on this machine alone: README.md tells what it shows.

.PHONY: demo demo-stop
demo:           ## build it, start it in ./run, ask it one question
	@sh packaging/demo.sh start $(B)

demo-stop:      ## end what `make demo` started
	@sh packaging/demo.sh stop
