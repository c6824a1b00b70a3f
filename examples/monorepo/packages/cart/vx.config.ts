import { defineProject } from '@vzn/vx'
import { library } from '../../vx.preset.ts'

export default defineProject({ tasks: library })
