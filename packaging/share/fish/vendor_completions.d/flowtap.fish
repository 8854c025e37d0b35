###-begin-flowtap-completions-###
#
# yargs command completion script
#
# Installation: flowtap completion > ~/.config/fish/completions/flowtap.fish
#
complete -c flowtap -a '(flowtap --get-yargs-completions (commandline -o)[2..-1])'
###-end-flowtap-completions-###
