package settle

import "time"

var start = time.Now()
