"""Sound that is sent while it is fetched or spoken: guarded addresses, ffmpeg beside us, frames of 20 ms."""
