"""Send a draft and its people to VoiceDock: nobody twice, nobody lost, whenever a worker dies or an answer is lost."""
