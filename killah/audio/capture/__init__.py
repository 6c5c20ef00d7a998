"""The microphone: a process that talks to PortAudio, its sound, devices that come and go, how loud it is."""
